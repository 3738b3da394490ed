//! Small systems of linear equations.

/// The solution of `N` equations in `N` unknowns; each row ends with its right side. `None` where they do not settle it.
pub fn solve<const N: usize, const M: usize>(mut rows: [[f64; M]; N]) -> Option<[f64; N]> {
    debug_assert_eq!(N + 1, M);
    for column in 0..N {
        let largest = (column..N).max_by(|a, b| rows[*a][column].abs().total_cmp(&rows[*b][column].abs()))?;
        rows.swap(column, largest);
        let pivot = rows[column];
        if pivot[column].abs() < 1e-12 {
            return None;
        }
        for row in rows.iter_mut().skip(column + 1) {
            let share = row[column] / pivot[column];
            row.iter_mut().zip(pivot).for_each(|(own, other)| *own -= share * other);
        }
    }
    let mut solution = [0.0; N];
    for row in (0..N).rev() {
        let known: f64 = (row + 1..N).map(|column| rows[row][column] * solution[column]).sum();
        solution[row] = (rows[row][N] - known) / rows[row][row];
    }
    Some(solution)
}

#[cfg(test)]
mod tests {
    use super::solve;

    #[test]
    fn equations_are_solved_or_said_to_be_open() {
        let solution = solve([[0.0, 2.0, 4.0], [3.0, 1.0, 5.0]]).unwrap();
        assert_eq!(solution, [1.0, 2.0]);
        assert!(solve([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0]]).is_none());
    }
}
