//! Where the first part of a DN ends.

/// The length of the DN's first RDN, without the comma behind it.
///
/// Knows escapes and the quotes of RFC 1779, and takes what is no DN as well:
/// it is for display, and a wrong guess costs a place of a cut.
pub(super) fn rdn_len(dn: &[u8]) -> usize {
    let mut escaped = false;
    let mut quoted = false;
    let end = dn.iter().position(|&byte| {
        if escaped {
            escaped = false;
            return false;
        }
        escaped = byte == b'\\';
        quoted ^= byte == b'"';
        byte == b',' && !quoted
    });
    end.unwrap_or(dn.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_escaped_or_quoted_comma_does_not_end_it() {
        assert_eq!(rdn_len(b"CN=Doe\\, John,OU=x"), 13);
        assert_eq!(rdn_len(b"CN=\"Doe, John\",OU=x"), 14);
        assert_eq!(rdn_len(b"DC=corp"), 7);
        assert_eq!(rdn_len(b""), 0);
    }
}
