-- compatible since: 1
-- A cluster may be called by another name, and keeps its id; empty where none was told
ALTER TABLE sessions ADD COLUMN cluster_id TEXT NOT NULL DEFAULT '';
ALTER TABLE operators ADD COLUMN cluster_id TEXT NOT NULL DEFAULT '';
