-- Grain: level of a comparison.
-- Reads: match_weights.
-- Why: who reads a pattern in register.edges needs the table it was weighed by.
SELECT comparison, side, level, digit, place, m, u, sibling, match_weight, sibling_weight FROM match_weights
