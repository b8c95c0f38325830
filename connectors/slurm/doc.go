// Package slurm reads the accounting text of the Slurm workload manager:
// connector "slurm".
//
// The text is what `sacct --parsable2` prints (and `--parsable`, with a bar at
// the end of each line), with any set of columns, in one file or in several of
// the same columns. The columns' meanings are those of the manual page of sacct.
// Submit, Start and the other moments are instants of the cluster's time zone;
// "Unknown" and "None" there are NULL. Elapsed, Timelimit ([DD-]HH:MM:SS), TRES
// lists, memory with its suffix and ExitCode stay the text that sacct prints;
// ElapsedRaw and its like are the same as whole numbers of seconds. sacct does not escape: a line whose job
// name holds a bar has too many fields and is rejected, since nobody can tell
// which bar was meant. The package imports connectors, connectors/text and
// schema. Start at [Driver].
package slurm
