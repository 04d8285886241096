//! Which services the name HOST of a computer stands for.

use std::sync::LazyLock;

use rustc_hash::FxHashSet;

/// What it stands for where nothing else is said.
///
/// Source: sPNMappings of CN=Directory Service as a forest has it by default, by Active
/// Directory and by Samba ([MS-ADTS] 3.1.1.5.1.3 compares by it).
const BY_DEFAULT: &str = "host=alerter,appmgmt,cisvc,clipsrv,browser,dhcp,dnscache,replicator,\
    eventlog,eventsystem,policyagent,oakley,dmserver,dns,mcsvc,fax,msiserver,ias,messenger,netlogon,\
    netman,netdde,netddedsm,nmagent,plugplay,protectedstorage,rasman,rpclocator,rpc,rpcss,\
    remoteaccess,rsvp,samss,scardsvr,scesrv,seclogon,scm,dcom,cifs,spooler,snmp,schedule,tapisrv,\
    trksvr,trkwks,ups,time,wins,www,http,w3svc,iisadmin,msdtc";

static DEFAULT: LazyLock<HostServices> = LazyLock::new(|| {
    let mut services = HostServices::default();
    services.add(BY_DEFAULT.as_bytes());
    services
});

/// The classes of services for which a name of the class HOST stands, too, as the exports
/// say (sPNMappings).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HostServices(FxHashSet<Vec<u8>>);

impl HostServices {
    /// Adds what a value of sPNMappings says of HOST: `host=alerter,appmgmt`.
    pub(in crate::rules) fn add(&mut self, mapping: &[u8]) {
        let Some(equals) = memchr::memchr(b'=', mapping) else { return };
        let (class, services) = (&mapping[..equals], &mapping[equals + 1..]);
        if class.trim_ascii().eq_ignore_ascii_case(b"host") {
            let services = services.split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
            self.0.extend(services.map(<[u8]>::to_ascii_lowercase));
        }
    }

    /// Whether nothing was said.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Those of a forest by default.
    pub(super) fn by_default() -> &'static Self {
        &DEFAULT
    }

    /// Whether HOST stands for the class of a service.
    pub(super) fn include(&self, class: &[u8]) -> bool {
        self.0.contains(&class.trim_ascii().to_ascii_lowercase())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_host_and_nothing_else_is_taken() {
        let mut services = HostServices::default();
        for mapping in ["ldap=http", "host"] {
            services.add(mapping.as_bytes());
        }
        assert!(services.is_empty());
        for mapping in ["HOST = Http, mssqlsvc", "host=time"] {
            services.add(mapping.as_bytes());
        }
        for class in ["http", " MSSQLSvc", "TIME"] {
            assert!(services.include(class.as_bytes()), "{class}");
        }
        assert!(!services.include(b"cifs") && !services.include(b""));
        let by_default = HostServices::by_default();
        assert!(by_default.include(b"HTTP") && by_default.include(b"alerter"));
        assert!(!by_default.include(b"MSSQLSvc"));
    }
}
