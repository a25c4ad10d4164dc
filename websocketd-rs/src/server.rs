//! Bind, announce, accept, drain: the only owner of limits and the only place that starts tasks.
