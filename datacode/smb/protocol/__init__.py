"""SMB 2 and 3 as bytes: messages, signing and encryption, one connection."""
