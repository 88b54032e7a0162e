"""Phone numbers as people and vendors write them: `text` finds the number in what arrived as one, `numbers` reads it,
`match` compares it with the writings of a directory."""
