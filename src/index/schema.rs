//! The fields of the index.

use tantivy::schema::FAST;
use tantivy::schema::Field;
use tantivy::schema::IndexRecordOption;
use tantivy::schema::STORED;
use tantivy::schema::STRING;
use tantivy::schema::Schema;
use tantivy::schema::TextFieldIndexing;
use tantivy::schema::TextOptions;
use tantivy::tokenizer::TextAnalyzer;
use tantivy::tokenizer::TokenizerManager;

use crate::index::words::Words;

/// Incremented when the meaning of a field changes: an older index is then rebuilt from the lake.
pub const FORMAT: u32 = 3;

const WORDS: &str = "words";

/// The fields, in the order in which [`Fields::schema`] creates them.
pub struct Fields;

impl Fields {
    /// Interaction and mailbox: identifies the document.
    pub const KEY: Field = Field::from_field_id(0);
    /// The words of the subject.
    pub const SUBJECT: Field = Field::from_field_id(1);
    /// The words of the body, or of the preview if there is no body.
    pub const TEXT: Field = Field::from_field_id(2);
    /// The words of the names and addresses of all participants, their contacts and accounts.
    pub const PEOPLE: Field = Field::from_field_id(3);
    /// Contact ids, and addresses and domains of external participants.
    pub const CONTACT: Field = Field::from_field_id(4);
    /// Account ids, and addresses and domains by which an account was found.
    pub const ACCOUNT: Field = Field::from_field_id(5);
    /// Address and id of the mailbox.
    pub const USER: Field = Field::from_field_id(6);
    /// `email`, `meeting`.
    pub const KIND: Field = Field::from_field_id(7);
    /// `inbound`, `outbound`, `internal`.
    pub const DIRECTION: Field = Field::from_field_id(8);
    /// Microseconds since 1970.
    pub const OCCURRED_AT: Field = Field::from_field_id(9);
    /// The content of a hit, as JSON.
    pub const SHOWN: Field = Field::from_field_id(10);
    /// Revision of the row, to detect a stale document.
    pub const REVISION: Field = Field::from_field_id(11);

    /// Name of [`Fields::OCCURRED_AT`], by which hits are sorted.
    pub const OCCURRED_AT_NAME: &str = "occurred_at";

    /// The schema of every index of this format.
    pub fn schema() -> Schema {
        let mut builder = Schema::builder();
        let words = TextFieldIndexing::default()
            .set_tokenizer(WORDS)
            .set_index_option(IndexRecordOption::WithFreqsAndPositions);
        let words = TextOptions::default().set_indexing_options(words);
        builder.add_text_field("key", STRING | STORED);
        builder.add_text_field("subject", words.clone());
        builder.add_text_field("text", words.clone());
        builder.add_text_field("people", words);
        for exact in ["contact", "account", "user", "kind", "direction"] {
            builder.add_text_field(exact, STRING);
        }
        builder.add_i64_field(Self::OCCURRED_AT_NAME, FAST);
        builder.add_text_field("shown", STORED);
        builder.add_i64_field("revision", STORED);
        builder.build()
    }

    /// The tokenizers that the schema names.
    pub fn tokenizers() -> TokenizerManager {
        let tokenizers = TokenizerManager::default();
        tokenizers.register(WORDS, TextAnalyzer::from(Words::default()));
        tokenizers
    }
}
