"""SMB 2 and 3 on the wire: messages, keys and signatures, negotiation, one connection."""
