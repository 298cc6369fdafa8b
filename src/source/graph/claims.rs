//! Challenges for claims: what a new token must hold before the service takes it (facts 6.2).

use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::GeneralPurpose;
use base64::engine::GeneralPurposeConfig;

/// Claims are some hundred characters; a longer text is not sent back.
const LENGTH_MAX: usize = 4096;

/// The claims of a `WWW-Authenticate` header (`…, claims="BASE64"`), as JSON; `None` where there
/// are none, or what stands there is no JSON.
pub fn of(challenge: &str) -> Option<String> {
    let (_, rest) = challenge.split_once("claims=\"")?;
    let (packed, _) = rest.split_once('"')?;
    if packed.len() > LENGTH_MAX {
        return None;
    }
    let packed = packed.replace('-', "+").replace('_', "/");
    let padding = DecodePaddingMode::Indifferent;
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(padding);
    let engine = GeneralPurpose::new(&alphabet::STANDARD, config);
    let text = String::from_utf8(engine.decode(packed).ok()?).ok()?;
    let is_json = serde_json::from_str::<serde_json::Value>(&text).is_ok();
    is_json.then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_are_unpacked_and_nothing_else_is_sent_back() {
        let whole =
            |packed: &str| format!(r#"Bearer error="insufficient_claims", claims="{packed}""#);
        for packed in ["eyJhIjp7fX0=", "eyJhIjp7fX0"] {
            assert_eq!(of(&whole(packed)).as_deref(), Some(r#"{"a":{}}"#));
        }
        let long = "A".repeat(LENGTH_MAX + 4);
        for packed in ["eyJ9", "%%%", "", &long] {
            assert_eq!(of(&whole(packed)), None, "{packed}");
        }
        assert_eq!(of("Bearer"), None);
    }
}
