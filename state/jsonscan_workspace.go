package state

// scan reads w from data and reports whether it could. If not, w is undefined.
func (w *Workspace) scan(data []byte) bool {
	s := newJSONScanner(data)
	s.object(func(name string) {
		switch name {
		case "schema":
			w.Schema = int(s.int())
		case "rev":
			w.Rev = s.int()
		case "name":
			w.Name = s.string()
		case "path":
			w.Path = s.string()
		case "identity":
			w.Identity = s.string()
		case "reads":
			w.Reads = s.strings()
		case "depends_on":
			w.DependsOn = s.strings()
		case "trace":
			w.Trace = s.trace(w.Trace)
		case "epoch":
			w.Epoch = s.int()
		case "commit":
			w.Commit = s.string()
		case "run":
			w.Run = s.string()
		case "attempt":
			s.value(&w.Attempt)
		case "at":
			w.OutcomeAt = s.time()
		case "state":
			s.value(&w.State)
		case "outcome":
			w.Outcome = Outcome(s.string())
		case "error":
			w.Error = s.string()
		case "changes":
			s.changes(&w.Changes)
		case "risk":
			w.Risk = s.string()
		case "digest":
			w.PlanDigest = s.string()
		case "waiting":
			w.PendingInputs = s.trace(w.PendingInputs)
		case "outputs_digest":
			w.OutputsDigest = s.string()
		case "sensitive":
			w.SensitiveHashes = s.strings()
		case "counter":
			w.ApplyCount = s.int()
		case "drift":
			s.drift(&w.Drift)
		case "failures":
			w.Failures = int(s.int())
		case "retry_at":
			w.RetryAt = s.time()
		case "terraform":
			w.TerraformVersion = s.string()
		case "lock_file":
			w.LockFileID = s.string()
		case "removed":
			w.Removed = s.bool()
		case "parts":
			w.Parts = int(s.int())
		case "parts_sum":
			w.PartsSum = s.string()
		default:
			s.gaveUp = true
		}
	})
	return s.isComplete()
}

func (s *jsonScanner) drift(d **Drift) {
	if *d == nil {
		*d = new(Drift)
	}
	s.object(func(name string) {
		switch name {
		case "at":
			(*d).CheckedAt = s.time()
		case "found":
			(*d).Found = s.bool()
		case "changes":
			s.changes(&(*d).Changes)
		case "digest":
			(*d).PlanDigest = s.string()
		case "run":
			(*d).Run = s.string()
		default:
			s.gaveUp = true
		}
	})
}

func (s *jsonScanner) changes(c *Changes) {
	s.object(func(name string) {
		switch name {
		case "add":
			c.Add = int(s.int())
		case "change":
			c.Change = int(s.int())
		case "destroy":
			c.Destroy = int(s.int())
		case "replace":
			c.Replace = int(s.int())
		default:
			s.gaveUp = true
		}
	})
}
