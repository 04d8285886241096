//! Gathering the links of a whole directory, for the in-chain rule.

use std::convert::Infallible;

use crate::directory::{Attributes, Choices, LinkGraph, Matcher, NormalizedDn};
use crate::input::{Flow, Source};
use crate::ldif::{ReadOptions, entry_text, map_chunks, read_chunk};

use super::chunk::Query;
use crate::change::entry_of;
use crate::cli::console::Console;
use crate::cli::entries::place;

/// An entry and, per chain, what its values name.
type Linked = (NormalizedDn, Vec<Vec<NormalizedDn>>);

/// Follows the links that the query asks about through all inputs; a pipe is
/// copied to the disk for that. Without such a question the inputs are as they
/// were.
///
/// # Errors
/// Where a pipe cannot be read or copied.
pub fn follow(
    inputs: Vec<Flow>,
    query: &mut Query,
    console: &Console,
) -> anyhow::Result<Vec<Flow>> {
    let Some(matcher) = query.matcher.as_ref().filter(|matcher| !matcher.chains().is_empty())
    else {
        return Ok(inputs);
    };
    let mut graph = LinkGraph::new(matcher.chains());
    let mut sources = Vec::with_capacity(inputs.len());
    for input in inputs {
        if matches!(input, Flow::Stream(_)) {
            console.note(&format!(
                "{}: copied to the disk first: the in-chain rule needs the links of all entries",
                input.name()
            ));
        }
        let source = input.into_source()?;
        gather(&source, matcher, query.read, &mut graph);
        sources.push(Flow::Whole(source));
    }
    query.links = Some(graph.solve());
    Ok(sources)
}

fn gather(source: &Source, matcher: &Matcher, read: ReadOptions, graph: &mut LinkGraph) {
    let Ok(()) = map_chunks(
        source.bytes(),
        |chunk| links_of(chunk.bytes, matcher, read),
        |found| {
            found.into_iter().for_each(|(entry, links)| graph.add(entry, links));
            Ok::<(), Infallible>(())
        },
    );
}

fn links_of(chunk: &[u8], matcher: &Matcher, read: ReadOptions) -> Vec<Linked> {
    let mut found: Vec<Linked> = Vec::new();
    let mut choices = Choices::new(Some(matcher), None, None);
    let mut last = None;
    read_chunk(chunk, read, |record| {
        if record.is_entry() {
            last = Some(place(&record));
            let dn = record.dn();
            if let Ok(key) = NormalizedDn::of(&dn) {
                let lines = choices.of(&dn, record.attribute_lines());
                found.push((key, values(&lines, matcher)));
            }
        } else if let Some(entry) = last.take().and_then(|at| entry_of(entry_text(chunk, at), read))
        {
            // What goes on with an entry adds to its links, and takes none away.
            if let Ok(key) = NormalizedDn::of(&entry.dn) {
                found.push((key, values(&entry, matcher)));
            }
        }
    });
    found
}

fn values(entry: &dyn Attributes, matcher: &Matcher) -> Vec<Vec<NormalizedDn>> {
    let of_chain = |chain: &crate::directory::filter::Chain| {
        let mut keys = Vec::new();
        entry.for_each_value(&chain.selector, &mut |_, value| {
            keys.extend(value.and_then(|value| NormalizedDn::of(value).ok()));
            std::ops::ControlFlow::Continue(())
        });
        keys
    };
    matcher.chains().iter().map(of_chain).collect()
}
