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
pub const FORMAT: u32 = 4;

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
    /// The same of who wrote or organised it.
    pub const AUTHOR: Field = Field::from_field_id(4);
    /// The same of everybody to whom it was addressed.
    pub const RECIPIENTS: Field = Field::from_field_id(5);
    /// The words of the folder or calendar.
    pub const CONTAINER: Field = Field::from_field_id(6);
    /// Contact ids, and addresses and domains of external participants.
    pub const CONTACT: Field = Field::from_field_id(7);
    /// Account ids, and addresses and domains by which an account was found.
    pub const ACCOUNT: Field = Field::from_field_id(8);
    /// Address and id of the mailbox.
    pub const USER: Field = Field::from_field_id(9);
    /// Kind, state, direction and other properties, as `is:` and `--kind` take them.
    pub const PROPERTY: Field = Field::from_field_id(10);
    /// Microseconds since 1970.
    pub const OCCURRED_AT: Field = Field::from_field_id(11);
    /// The first 64 bits of the interaction id, equal in all copies.
    pub const INTERACTION: Field = Field::from_field_id(12);
    /// 64 bits of a hash of the conversation or series.
    pub const GROUP: Field = Field::from_field_id(13);
    /// The kind, to be counted.
    pub const KIND: Field = Field::from_field_id(14);
    /// The address of the mailbox, to be counted.
    pub const COLLEAGUE: Field = Field::from_field_id(15);
    /// Id and name of each matched contact, to be counted.
    pub const CONTACT_NAME: Field = Field::from_field_id(16);
    /// Id and name of each matched account, to be counted.
    pub const ACCOUNT_NAME: Field = Field::from_field_id(17);
    /// The content of a hit, as JSON.
    pub const SHOWN: Field = Field::from_field_id(18);
    /// Revision of the row, to detect a stale document.
    pub const REVISION: Field = Field::from_field_id(19);

    /// Name of [`Fields::OCCURRED_AT`], by which hits are sorted.
    pub const OCCURRED_AT_NAME: &str = "occurred_at";
    /// Name of [`Fields::INTERACTION`], by which copies are put together.
    pub const INTERACTION_NAME: &str = "interaction";
    /// Name of [`Fields::GROUP`], by which hits are grouped.
    pub const GROUP_NAME: &str = "group";
    /// Names of the fields that are counted.
    pub const COUNTED_NAMES: [&str; 4] = ["kind", "colleague", "contact_name", "account_name"];

    /// The schema of every index of this format.
    pub fn schema() -> Schema {
        let mut builder = Schema::builder();
        let words = TextFieldIndexing::default()
            .set_tokenizer(WORDS)
            .set_index_option(IndexRecordOption::WithFreqsAndPositions);
        let words = TextOptions::default().set_indexing_options(words);
        builder.add_text_field("key", STRING | STORED);
        for text in [
            "subject",
            "text",
            "people",
            "author",
            "recipients",
            "container",
        ] {
            builder.add_text_field(text, words.clone());
        }
        for exact in ["contact", "account", "user", "property"] {
            builder.add_text_field(exact, STRING);
        }
        builder.add_i64_field(Self::OCCURRED_AT_NAME, FAST);
        builder.add_u64_field(Self::INTERACTION_NAME, FAST);
        builder.add_u64_field(Self::GROUP_NAME, FAST);
        for counted in Self::COUNTED_NAMES {
            builder.add_text_field(counted, FAST);
        }
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
