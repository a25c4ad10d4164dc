//! The signal table, and the token and tracker that end every task.
