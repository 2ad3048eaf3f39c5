"""Forms of publishing, one file a form: the same samples as different senders put them on the wire."""
