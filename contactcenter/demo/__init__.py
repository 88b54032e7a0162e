"""Everything that makes trying out easy: data to start with, and one command that starts all processes."""
