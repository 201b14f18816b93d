//! Moments as state holds them: milliseconds since the epoch.

use serde::{Deserialize as _, Deserializer, Serializer};

use crate::WallTime;

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
pub(super) fn serialize<S: Serializer>(moment: &WallTime, out: S) -> Result<S::Ok, S::Error> {
    out.serialize_i64(moment.unix_ms())
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<WallTime, D::Error> {
    i64::deserialize(from).map(WallTime::from_unix_ms)
}

pub(super) mod option {
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};

    use crate::WallTime;

    #[expect(clippy::ref_option, reason = "serde passes references")]
    pub(in crate::alerting) fn serialize<S: Serializer>(
        moment: &Option<WallTime>,
        out: S,
    ) -> Result<S::Ok, S::Error> {
        moment.map(WallTime::unix_ms).serialize(out)
    }

    pub(in crate::alerting) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<WallTime>, D::Error> {
        Ok(Option::<i64>::deserialize(from)?.map(WallTime::from_unix_ms))
    }
}

pub(super) mod ended {
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};

    use crate::WallTime;
    use crate::alerting::Ended;

    #[expect(clippy::ref_option, reason = "serde passes references")]
    pub(in crate::alerting) fn serialize<S: Serializer>(
        ended: &Option<(WallTime, Ended)>,
        out: S,
    ) -> Result<S::Ok, S::Error> {
        ended.map(|(at, why)| (at.unix_ms(), why)).serialize(out)
    }

    pub(in crate::alerting) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<(WallTime, Ended)>, D::Error> {
        let ended = Option::<(i64, Ended)>::deserialize(from)?;
        Ok(ended.map(|(at, why)| (WallTime::from_unix_ms(at), why)))
    }
}
