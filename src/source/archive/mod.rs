//! Mail that lies in files: mbox, Maildir and `.eml`, read as a stream in a fixed order.
