/// The tables of the queue.
enum TaskSchema {
  static let sql = """
    CREATE TABLE IF NOT EXISTS task(
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      kind TEXT NOT NULL,
      segment_a INTEGER NOT NULL, segment_b INTEGER NOT NULL,
      body_a INTEGER NOT NULL, body_b INTEGER NOT NULL,
      z INTEGER NOT NULL, y INTEGER NOT NULL, x INTEGER NOT NULL,
      box_z INTEGER NOT NULL, box_y INTEGER NOT NULL, box_x INTEGER NOT NULL,
      size_z INTEGER NOT NULL, size_y INTEGER NOT NULL, size_x INTEGER NOT NULL,
      evidence TEXT NOT NULL,
      score REAL, weight_a REAL NOT NULL, weight_b REAL NOT NULL,
      priority REAL NOT NULL,
      need INTEGER NOT NULL CHECK(need BETWEEN 1 AND 100),
      state TEXT NOT NULL DEFAULT 'open'
        CHECK(state IN ('open', 'agreed', 'conflict', 'done', 'void')),
      is_pooled INTEGER NOT NULL DEFAULT 1,
      truth TEXT, outcome TEXT, reason TEXT, operation INTEGER,
      base_operation INTEGER NOT NULL, created REAL NOT NULL,
      UNIQUE(kind, segment_a, segment_b, z, y, x));
    CREATE INDEX IF NOT EXISTS task_pool ON task(priority DESC, id)
      WHERE state = 'open' AND is_pooled = 1;
    CREATE INDEX IF NOT EXISTS task_conflict ON task(priority DESC, id) WHERE state = 'conflict';
    CREATE INDEX IF NOT EXISTS task_agreed ON task(id) WHERE state = 'agreed';
    CREATE INDEX IF NOT EXISTS task_gold ON task(id) WHERE truth IS NOT NULL;
    CREATE INDEX IF NOT EXISTS task_outcome ON task(kind) WHERE outcome IS NOT NULL;
    CREATE INDEX IF NOT EXISTS task_body_a ON task(body_a) WHERE state = 'open';
    CREATE INDEX IF NOT EXISTS task_body_b ON task(body_b) WHERE state = 'open' AND body_b <> 0;
    CREATE INDEX IF NOT EXISTS task_merged ON task(body_a) WHERE outcome = 'merge';
    CREATE INDEX IF NOT EXISTS task_closed ON task(body_a) WHERE state = 'void';
    CREATE TABLE IF NOT EXISTS body(
      id INTEGER PRIMARY KEY, own_weight REAL NOT NULL, root INTEGER NOT NULL,
      weight REAL NOT NULL);
    CREATE INDEX IF NOT EXISTS body_root ON body(root) WHERE root <> id;
    CREATE TABLE IF NOT EXISTS lease(
      token INTEGER PRIMARY KEY AUTOINCREMENT,
      task INTEGER NOT NULL REFERENCES task, reviewer TEXT NOT NULL,
      is_arbiter INTEGER NOT NULL, expires REAL NOT NULL, boot TEXT NOT NULL,
      UNIQUE(task, reviewer));
    CREATE INDEX IF NOT EXISTS lease_reviewer ON lease(reviewer);
    CREATE TABLE IF NOT EXISTS vote(
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      task INTEGER NOT NULL REFERENCES task, reviewer TEXT NOT NULL,
      round INTEGER NOT NULL,
      verdict TEXT NOT NULL CHECK(
        verdict IN ('merge', 'keep apart', 'split', 'unsure', 'skip', 'withdrawn')),
      is_arbiter INTEGER NOT NULL, token INTEGER, seconds REAL, note TEXT, at REAL NOT NULL,
      UNIQUE(task, reviewer, round));
    CREATE INDEX IF NOT EXISTS vote_reviewer ON vote(reviewer, at);
    CREATE TRIGGER IF NOT EXISTS vote_stays BEFORE UPDATE ON vote
      BEGIN SELECT RAISE(ABORT, 'verdicts are never changed'); END;
    CREATE TRIGGER IF NOT EXISTS vote_remains BEFORE DELETE ON vote
      BEGIN SELECT RAISE(ABORT, 'verdicts are never removed'); END;
    CREATE TABLE IF NOT EXISTS assignment(
      reviewer TEXT NOT NULL, task INTEGER NOT NULL REFERENCES task,
      PRIMARY KEY(reviewer, task)) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS assignment_task ON assignment(task);
    """
}
