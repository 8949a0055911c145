//! Licence expressions, as far as crates write them (SPDX 2.3 Annex D, and cargo's older `A/B`).

/// Whether choosing well among the alternatives needs only licences that `allowed` accepts. An
/// expression that cannot be read is not satisfied.
pub(crate) fn satisfied(expression: &str, allowed: &dyn Fn(&str) -> bool) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut parser = Parser { words: &words, allowed };
    parser.any() == Some(true) && parser.words.is_empty()
}

struct Parser<'a> {
    words: &'a [&'a str],
    allowed: &'a dyn Fn(&str) -> bool,
}

impl Parser<'_> {
    /// `all OR all …`
    fn any(&mut self) -> Option<bool> {
        let mut holds = self.all()?;
        while self.take("OR") {
            holds |= self.all()?;
        }
        Some(holds)
    }

    /// `one AND one …`
    fn all(&mut self) -> Option<bool> {
        let mut holds = self.one()?;
        while self.take("AND") {
            holds &= self.one()?;
        }
        Some(holds)
    }

    /// A licence, one with an exception, or a group in parentheses.
    fn one(&mut self) -> Option<bool> {
        let (word, rest) = self.words.split_first()?;
        self.words = rest;
        if *word == "(" {
            let holds = self.any()?;
            return self.take(")").then_some(holds);
        }
        if self.take("WITH") {
            let (exception, rest) = self.words.split_first()?;
            self.words = rest;
            return Some((self.allowed)(&format!("{word} WITH {exception}")));
        }
        Some((self.allowed)(word))
    }

    fn take(&mut self, expected: &str) -> bool {
        let found = self.words.first() == Some(&expected);
        if found {
            self.words = &self.words[1..];
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alternatives_are_chosen_and_conjunctions_are_not() {
        let allowed = |id: &str| ["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"].contains(&id);
        for good in [
            "MIT",
            "GPL-3.0 OR MIT",
            "GPL-3.0/MIT",
            "Apache-2.0 / MIT",
            "(GPL-2.0 OR MIT) AND ISC",
            "Apache-2.0 WITH LLVM-exception",
        ] {
            assert!(satisfied(good, &allowed), "{good}");
        }
        for bad in
            ["", "GPL-3.0", "MIT AND GPL-3.0", "(MIT", "MIT)", "MIT OR", "GPL-3.0 OR (MIT AND GPL-2.0)"]
        {
            assert!(!satisfied(bad, &allowed), "{bad}");
        }
    }
}
