"""The guard: finds secrets in what customers write, and replaces them before anything is stored."""
