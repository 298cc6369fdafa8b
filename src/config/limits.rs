//! Every limit that a user may care about, with its reason.

/// Longest first window, in months: a century covers all mail.
pub const WINDOW_MONTHS_MAX: u16 = 1200;

/// Least memory, in bytes: below it the index writer and one batch do not fit.
pub const MEMORY_MIN: u64 = 128_000_000;
/// Most memory, in bytes: more is never used.
pub const MEMORY_MAX: u64 = 64_000_000_000;
/// Memory where none is stated, in bytes.
pub const MEMORY_DEFAULT: u64 = 512_000_000;

/// Most CPU threads; 0 means one per core.
pub const THREADS_MAX: u16 = 256;

/// Largest page that is requested: above it the service times out (facts 1.3, 1.7).
pub const PAGE_SIZE_MAX: u16 = 999;
/// Page size where none is stated (facts 1.3).
pub const PAGE_SIZE_DEFAULT: u16 = 500;

/// Most mailboxes that are read at the same time: each holds pages in memory.
pub const MAILBOXES_AT_ONCE_MAX: u16 = 256;
/// Mailboxes at the same time where nothing is stated.
pub const MAILBOXES_AT_ONCE_DEFAULT: u16 = 16;

/// Most requests in flight over all mailboxes: each holds a connection or a stream.
pub const REQUESTS_AT_ONCE_MAX: u16 = 512;
/// Requests in flight where nothing is stated: three for each of sixteen mailboxes, since a
/// mailbox serves no more than four at a time (facts 7.1).
pub const REQUESTS_AT_ONCE_DEFAULT: u16 = 48;

/// Longest time for one response, in seconds: a dead connection must not block a run for hours.
pub const ANSWER_SECONDS_MAX: u16 = 3600;
/// Time for one answer where none is stated, in seconds: slow mailboxes need three minutes (facts
/// 1.7).
pub const ANSWER_SECONDS_DEFAULT: u16 = 240;
/// First wait before a request is repeated, in seconds, at most.
pub const RETRY_SECONDS_MAX: f64 = 60.0;
/// First wait where none is stated, in seconds: that of the official retry handler (facts 7.3).
pub const RETRY_SECONDS_DEFAULT: u64 = 3;

/// Percent of the contacts or accounts that may be missing against the run before, where nothing is
/// stated: an export that failed half-way has fewer.
pub const CRM_SHRINK_PERCENT_DEFAULT: u8 = 50;
/// Default percentage of rows that may be skipped: more mean that it is the wrong file.
pub const CRM_PASSED_OVER_PERCENT_DEFAULT: u8 = 10;

/// New mailboxes of one run where nothing is stated: more are confirmed first, since what was recorded
/// in error is hard to take back.
pub const NEW_MAILBOXES_MAX_DEFAULT: u32 = 20;
/// The same in percent of the known ones.
pub const NEW_MAILBOXES_PERCENT_DEFAULT: u32 = 10;

/// Largest secret file, in bytes: a larger file is something else.
pub const SECRET_BYTES_MAX: u64 = 64 * 1024;
/// A credential that ends in less than this many days is announced: to replace it may take two
/// departments.
pub const CREDENTIAL_NOTICE_DAYS: i64 = 30;
/// Largest CSV file or list of people, in bytes: it is held in memory as a whole.
pub const LIST_BYTES_MAX: u64 = 2 * 1024 * 1024 * 1024;
