"""The kinds of jobs, a family: each file exports what `job_kind.Kind` says, and is picked up by its name."""
