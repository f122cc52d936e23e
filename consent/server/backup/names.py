"""The names of the entries in a backup's two files."""

DATABASE, MANIFEST, OBJECT = "database", "objects/manifest", "objects/body/"
IDENTITY, RECORDS, KEY_FILE, KEY_SECRET = "key-store/identity", "key-store/records", "keys/", "secret/key"
GUARD = "guard/"  # never in a backup: a guard that came back with the database would see no rollback
