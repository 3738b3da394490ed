//! Money: whole millionths of a unit of some currency, so that sums are exact.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Three capital letters (ISO 4217).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Currency([u8; 3]);

impl Currency {
    pub const USD: Currency = Currency(*b"USD");

    pub fn as_str(&self) -> &str {
        // Only letters are ever stored.
        std::str::from_utf8(&self.0).unwrap_or("???")
    }
}

impl FromStr for Currency {
    type Err = NotMoney;

    fn from_str(text: &str) -> Result<Currency, NotMoney> {
        match text.as_bytes() {
            [a, b, c] if text.bytes().all(|byte| byte.is_ascii_uppercase()) => Ok(Currency([*a, *b, *c])),
            _ => Err(NotMoney(text.to_owned())),
        }
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An amount. Amounts of two currencies are never added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Money {
    /// Millionths of the currency's unit.
    pub micros: u64,
    pub currency: Currency,
}

/// Text that is no amount.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no amount of money, such as \"0.05 USD\"")]
pub struct NotMoney(pub String);

impl Money {
    /// So many dollars of the United States, in millionths.
    pub fn usd(micros: u64) -> Money {
        Money { micros, currency: Currency::USD }
    }

    /// `None` where the currencies differ.
    pub fn plus(self, other: Money) -> Option<Money> {
        let micros = self.micros.saturating_add(other.micros);
        (self.currency == other.currency).then_some(Money { micros, ..self })
    }

    pub fn times(self, count: u64) -> Money {
        Money { micros: self.micros.saturating_mul(count), ..self }
    }

    /// What `tokens` cost where this is the price of a million, rounded up.
    pub fn for_tokens(self, tokens: u64) -> Money {
        let micros = (u128::from(self.micros) * u128::from(tokens)).div_ceil(1_000_000);
        Money { micros: u64::try_from(micros).unwrap_or(u64::MAX), ..self }
    }
}

/// Millionths in a decimal number such as `0.0504`; `None` for anything else, and for more than six decimals.
pub fn micros(text: &str) -> Option<u64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || part.len() > 6 || !is_digits(whole) || !is_digits(part) {
        return None;
    }
    whole.parse::<u64>().ok()?.checked_mul(1_000_000)?.checked_add(format!("{part:0<6}").parse().ok()?)
}

impl fmt::Display for Money {
    /// `$0.0504`, `$5.00`, `2.50 EUR`: at least two decimals, and no more than there are.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = format!("{:06}", self.micros % 1_000_000);
        let kept = part.trim_end_matches('0').len().max(2);
        let number = format!("{}.{}", self.micros / 1_000_000, &part[..kept]);
        match self.currency {
            Currency::USD => write!(f, "${number}"),
            Currency(_) => write!(f, "{number} {}", self.currency.as_str()),
        }
    }
}

impl FromStr for Money {
    type Err = NotMoney;

    /// `0.05 USD` or `$0.05`.
    fn from_str(text: &str) -> Result<Money, NotMoney> {
        let not_money = || NotMoney(text.to_owned());
        let (number, currency) = match text.trim().strip_prefix('$') {
            Some(number) => (number, Currency::USD),
            None => {
                let (number, currency) = text.trim().split_once(' ').ok_or_else(not_money)?;
                (number, currency.parse()?)
            }
        };
        Ok(Money { micros: micros(number).ok_or_else(not_money)?, currency })
    }
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Money, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_read_and_write_exactly() {
        for (text, shown) in
            [("0.0504 USD", "$0.0504"), ("$5", "$5.00"), ("2.5 EUR", "2.50 EUR"), ("$0.000001", "$0.000001")]
        {
            let money: Money = text.parse().unwrap();
            assert_eq!(money.to_string(), shown);
            assert_eq!(shown.parse::<Money>().unwrap(), money);
        }
        for text in ["", "5", "$", "1.2345678 USD", "5 usd", "-1 USD", "1e3 USD", "$.5"] {
            assert!(text.parse::<Money>().is_err(), "{text}");
        }
    }

    #[test]
    fn tokens_round_up_and_never_overflow() {
        assert_eq!(Money::usd(100_000).for_tokens(1).micros, 1, "a tenth of a millionth counts as one");
        assert_eq!(Money::usd(30_000_000).for_tokens(1680).to_string(), "$0.0504");
        assert_eq!(Money::usd(u64::MAX).for_tokens(u64::MAX).micros, u64::MAX);
    }

    #[test]
    fn two_currencies_have_no_sum() {
        assert_eq!(Money::usd(1).plus("1 EUR".parse().unwrap()), None);
        assert_eq!(Money::usd(1).plus(Money::usd(2)), Some(Money::usd(3)));
    }
}
