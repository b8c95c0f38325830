package identity

import (
	"io/fs"
	"log/slog"
	"os"
	"sync"
)

// followed is a file whose changes count.
type followed struct {
	path   string
	logger *slog.Logger

	mu    sync.Mutex
	state fs.FileInfo
}

// Await makes a directory of nobody that follows a file which is not there yet:
// the first principals of a fresh campus count without a restart.
func Await(path string, logger *slog.Logger) *Directory {
	d := &Directory{file: &followed{path: path, logger: logger}}
	d.current.Store(&listing{})
	return d
}

// now is everybody as the file says now. To ask the file's state costs some
// microseconds, which makes who was taken out of it nobody at the next request.
func (d *Directory) now() *listing {
	if d.file == nil {
		return d.current.Load()
	}
	state, err := os.Stat(d.file.path)
	if err != nil { // editors replace files: it will be there again
		return d.current.Load()
	}
	d.file.mu.Lock()
	defer d.file.mu.Unlock()
	if same(state, d.file.state) {
		return d.current.Load()
	}
	d.file.state = state
	read, err := readListing(d.file.path)
	if err != nil {
		d.file.logger.Error("the principals changed and cannot be read: everybody is as before", "cause", err)
		return d.current.Load()
	}
	d.current.Store(read)
	return read
}

func same(a, b fs.FileInfo) bool {
	return a != nil && b != nil && os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}
