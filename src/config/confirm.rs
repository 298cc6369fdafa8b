//! `confirm`: how many new mailboxes a run reads without being asked to by `--confirm`.

use serde::Deserialize;
use serde::Deserializer;
use serde::de::Error;

use crate::config::limits;

/// A rule for new mailboxes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "ConfirmShape")]
pub struct Confirm {
    /// The most that are new in one run; `None`: any number.
    pub max_new: Option<u32>,
    /// The most that are new, in percent of those that are known; `None`: any share.
    pub max_growth: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ConfirmShape {
    max_new: Option<u32>,
    #[serde(default, deserialize_with = "share")]
    max_growth: Option<u32>,
}

impl TryFrom<ConfirmShape> for Confirm {
    type Error = String;

    fn try_from(shape: ConfirmShape) -> Result<Self, String> {
        let ConfirmShape {
            max_new,
            max_growth,
        } = shape;
        if max_new.is_none() && max_growth.is_none() {
            return Err("write max_new, max_growth or both".into());
        }
        Ok(Self {
            max_new,
            max_growth,
        })
    }
}

impl Confirm {
    /// The rule where none is configured. It admits no first run.
    const STANDARD: Self = Self {
        max_new: Some(limits::NEW_MAILBOXES_MAX_DEFAULT),
        max_growth: Some(limits::NEW_MAILBOXES_PERCENT_DEFAULT),
    };

    /// Whether a tenant of which `known` mailboxes were read before may have `new` further ones, by
    /// the configured rule. `max_new` is shared by the `processes` that read the tenant together.
    pub fn admits(configured: Option<&Self>, known: usize, new: usize, processes: u8) -> bool {
        let is_first_run = known == 0;
        let rule = match configured {
            _ if new == 0 => return true,
            // A share of nothing says nothing.
            Some(rule) if is_first_run && rule.max_new.is_none() => return false,
            None if is_first_run => return false,
            rule => rule.unwrap_or(&Self::STANDARD),
        };
        let is_few = rule.max_new.is_none_or(|max| {
            let max = max / u32::from(processes.max(1));
            new as u64 <= u64::from(max)
        });
        let is_small_share = rule
            .max_growth
            .is_none_or(|percent| new as u128 * 100 <= known as u128 * u128::from(percent));
        is_few && (is_first_run || is_small_share)
    }
}

/// `"10 %"`.
fn share<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let percent = text.trim().strip_suffix('%').map(str::trim);
    let percent = percent.and_then(|number| number.parse().ok());
    percent.map(Some).ok_or_else(|| {
        D::Error::custom(format!(
            "`{text}` is not a percentage; write it like \"10 %\""
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(text: &str) -> Confirm {
        #[derive(Deserialize)]
        struct Holder {
            confirm: Confirm,
        }
        let holder: Holder = toml::from_str(&format!("confirm = {text}")).unwrap();
        holder.confirm
    }

    fn admits(rule: Option<&Confirm>, known: usize, new: usize) -> bool {
        Confirm::admits(rule, known, new, 1)
    }

    #[test]
    fn a_first_run_needs_a_number_and_later_ones_the_standard_rule() {
        assert!(!admits(None, 0, 1));
        assert!(admits(None, 0, 0));
        for (known, new, expected) in [
            (100, 10, true),
            (100, 11, false),
            (1_000, 20, true),
            (1_000, 21, false),
            (9, 1, false),
        ] {
            assert_eq!(admits(None, known, new), expected, "{known} {new}");
        }
    }

    #[test]
    fn a_rule_limits_only_what_it_names() {
        let number = rule("{ max_new = 5 }");
        assert!(admits(Some(&number), 0, 5) && admits(Some(&number), 1, 5));
        assert!(!admits(Some(&number), 1_000, 6));
        let growth = rule("{ max_growth = \"200%\" }");
        assert!(!admits(Some(&growth), 0, 1));
        assert!(admits(Some(&growth), 100, 200));
        assert!(!admits(Some(&growth), 100, 201));
        let both = rule("{ max_new = 5, max_growth = \"10 %\" }");
        assert!(admits(Some(&both), 0, 5));
        assert!(!admits(Some(&both), 20, 3));
        let part = |new| Confirm::admits(Some(&number), 0, new, 4);
        assert!(part(1) && !part(2));
    }
}
