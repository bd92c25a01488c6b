//! Where a seller is: scheme, host and port. Only such as can stand in a command: a host's name may hold `;` or `$(`, and
//! what names a seller ends up in commands that an owner is asked to run.

use reqwest::Url;
use std::fmt;
use std::str::FromStr;

/// A seller's origin, such as `https://api.example` or `http://127.0.0.1:4021`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin(String);

/// No origin of a seller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("that is not where a seller is: scheme, host and port, such as https://api.example, in plain letters")]
pub struct OriginInvalid;

impl Origin {
    /// The origin of a URL.
    ///
    /// # Errors
    /// [`OriginInvalid`] for other schemes than http and https, and for hosts whose name means something to a shell.
    pub fn of(url: &Url) -> Result<Self, OriginInvalid> {
        let text = url.origin().ascii_serialization();
        let plain = text.chars().all(|c| c.is_ascii_alphanumeric() || ".-_:/[]".contains(c));
        if matches!(url.scheme(), "http" | "https") && plain { Ok(Self(text)) } else { Err(OriginInvalid) }
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Origin {
    type Err = OriginInvalid;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::of(&Url::parse(text).map_err(|_| OriginInvalid)?)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        let of = |text: &str| text.parse::<Origin>().map(|origin| origin.to_string());
        assert_eq!(of("https://API.example:443/v1/now?key=1#x").as_deref(), Ok("https://api.example"));
        assert_eq!(of("http://127.0.0.1:4021/x").as_deref(), Ok("http://127.0.0.1:4021"));
        assert_eq!(of("https://[2001:db8::1]:8443/").as_deref(), Ok("https://[2001:db8::1]:8443"));
    }

    #[test]
    fn what_means_something_to_a_shell_is_none() {
        for text in [
            "https://a;reboot.example/",
            "https://$(reboot).example/",
            "https://a&b.example/",
            "https://a'b.example/",
            "https://`id`.example/",
            "https://a*.example/",
            "file:///etc/passwd",
            "data:x",
            "api.example",
        ] {
            assert_eq!(text.parse::<Origin>(), Err(OriginInvalid), "{text}");
        }
    }
}
