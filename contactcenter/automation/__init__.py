"""What platforms that start workflows elsewhere (Zapier) may read: `news` finds it, `views` answers."""
