//! The exporter's text, brought into order: it comes with families and series in a new order each time.

use super::exposition::Exposition;

/// The families of an exporter's text, the series of each sorted by their labels.
pub(crate) fn sorted(text: &str) -> Exposition {
    let mut exposition = Exposition::with_capacity(text.len());
    let mut header: Vec<&str> = Vec::new();
    let mut samples: Vec<&str> = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        if line.starts_with('#') {
            if !samples.is_empty() {
                flush(&mut exposition, &mut header, &mut samples);
            }
            header.push(line);
        } else {
            samples.push(line);
        }
    }
    flush(&mut exposition, &mut header, &mut samples);
    exposition
}

fn flush(exposition: &mut Exposition, header: &mut Vec<&str>, samples: &mut Vec<&str>) {
    if let Some(name) = header.first().and_then(|line| line.split(' ').nth(2)) {
        exposition.foreign_family(header.drain(..), name);
        // Stable, so that the buckets of a histogram stay in the order they came in.
        samples.sort_by_cached_key(|line| series(line));
        for line in samples.iter() {
            exposition.line(line);
        }
    }
    header.clear();
    samples.clear();
}

/// The labels of a sample's line that tell its series, so without a bucket's bound, which stands last.
fn series(line: &str) -> &str {
    let Some((_, labels)) = line.split_once('{') else { return "" };
    let labels = labels.rsplit_once('}').map_or(labels, |(labels, _)| labels);
    let without_bound = labels.rfind("le=\"").map_or(labels, |at| &labels[..at]);
    without_bound.trim_end_matches(',')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn series_are_sorted_and_buckets_keep_their_order() {
        let text = "# HELP h Help\n# TYPE h histogram\n\
                    h_bucket{c=\"b\",le=\"0.5\"} 1\nh_bucket{c=\"b\",le=\"+Inf\"} 2\nh_sum{c=\"b\"} 3\nh_count{c=\"b\"} 2\n\
                    h_bucket{c=\"a\",le=\"0.5\"} 4\nh_bucket{c=\"a\",le=\"+Inf\"} 5\nh_sum{c=\"a\"} 6\nh_count{c=\"a\"} 5\n\n\
                    # TYPE c counter\nc{x=\"2\"} 2\nc{x=\"1\"} 1\n\n";
        let expected = "# TYPE c counter\nc{x=\"1\"} 1\nc{x=\"2\"} 2\n\
                        # HELP h Help\n# TYPE h histogram\n\
                        h_bucket{c=\"a\",le=\"0.5\"} 4\nh_bucket{c=\"a\",le=\"+Inf\"} 5\nh_sum{c=\"a\"} 6\nh_count{c=\"a\"} 5\n\
                        h_bucket{c=\"b\",le=\"0.5\"} 1\nh_bucket{c=\"b\",le=\"+Inf\"} 2\nh_sum{c=\"b\"} 3\nh_count{c=\"b\"} 2\n";
        assert_eq!(Exposition::join(&[&sorted(text)]), expected);
    }

    #[test]
    fn nothing_recorded_gives_nothing() {
        assert_eq!(Exposition::join(&[&sorted("")]), "");
    }
}
