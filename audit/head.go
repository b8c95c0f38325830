package audit

import (
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/yitong-hub/yitong/internal/fault"
)

const (
	// headFile is kept apart from the journal. Its first line is written once, its
	// second with each record, in place: both are of fixed width, and shorter
	// than a sector, which a disk writes whole or not at all.
	headFile = "head"
	// newHeadFile is a head in the making: its node is kept when making it is
	// interrupted, since the table of old records may know it already.
	newHeadFile = "head.new"

	numberWidth, hashWidth, bootWidth, sumWidth = 20, 64, 36, 8
	nodeWidth                                   = 16
	lineOneWidth                                = nodeWidth + 1 + numberWidth + 1 + hashWidth + 1
	lineTwoWidth                                = numberWidth + 1 + hashWidth + 1 + numberWidth + 1 + bootWidth + 1 + sumWidth + 1
	// nothing stands for an empty text.
	nothing = "-"
)

// head is what is known of the journal without reading it.
type head struct {
	// node is the id of the home folder.
	node string
	// base is where the records in the table ended and the journal began.
	base point
	// last is the newest record, synced the newest that is surely on the disk.
	last   point
	synced int64
	// boot is the run of the machine that wrote it.
	boot string
	// unbegun is a head that no file holds: the records in the table are all.
	unbegun bool
}

func appendNumber(buffer []byte, number int64) []byte {
	var digits [numberWidth]byte
	text := strconv.AppendInt(digits[:0], number, 10)
	for range numberWidth - len(text) {
		buffer = append(buffer, '0')
	}
	return append(append(buffer, text...), ' ')
}

func appendText(buffer []byte, text string, width int) []byte {
	if text == "" {
		text = nothing
	}
	buffer = append(buffer, text...)
	for range width - len(text) {
		buffer = append(buffer, ' ')
	}
	return buffer
}

// appendTo adds both lines to buffer.
func (h *head) appendTo(buffer []byte) []byte {
	begin := len(buffer)
	buffer = append(appendText(buffer, h.node, nodeWidth), ' ')
	buffer = append(appendText(appendNumber(buffer, h.base.seq), h.base.hash, hashWidth), '\n')
	buffer = append(appendText(appendNumber(buffer, h.last.seq), h.last.hash, hashWidth), ' ')
	buffer = append(appendText(appendNumber(buffer, h.synced), h.boot, bootWidth), ' ')
	sum := crc32.ChecksumIEEE(buffer[begin:])
	for shift := 28; shift >= 0; shift -= 4 {
		buffer = append(buffer, "0123456789abcdef"[sum>>shift&0xf])
	}
	return append(buffer, '\n')
}

// parseHead reads what appendTo writes.
func parseHead(text []byte) (head, bool) {
	if len(text) != lineOneWidth+lineTwoWidth {
		return head{}, false
	}
	words := strings.Fields(string(text))
	for i, word := range words {
		if word == nothing {
			words[i] = ""
		}
	}
	if len(words) != 8 {
		return head{}, false
	}
	parsed := head{node: words[0], base: point{hash: words[2]}, last: point{hash: words[4]}, boot: words[6]}
	for i, number := range map[int]*int64{1: &parsed.base.seq, 3: &parsed.last.seq, 5: &parsed.synced} {
		var err error
		if *number, err = strconv.ParseInt(words[i], 10, 64); err != nil {
			return head{}, false
		}
	}
	return parsed, string(parsed.appendTo(nil)) == string(text)
}

const (
	// headTries and headPause are for a head that is written while it is read.
	headTries = 50
	headPause = time.Millisecond
)

// readHead gives the head of a folder. Without one the folder must have no
// journal either: then there is none, and found is false.
func readHead(dir string) (read head, found bool, err error) {
	path := filepath.Join(dir, headFile)
	for range headTries {
		text, err := os.ReadFile(path)
		if os.IsNotExist(err) {
			return head{}, false, refuseHeadless(dir)
		}
		if err != nil {
			return head{}, false, fmt.Errorf("read the head of the record of reads: %w", err)
		}
		if read, found = parseHead(text); found {
			return read, true, nil
		}
		time.Sleep(headPause)
	}
	return head{}, false, fault.New(fault.Conflict, "%s, which names the newest record of reads, is damaged: "+
		"restore it from a backup, or move the folder aside to begin anew", path)
}

func refuseHeadless(dir string) error {
	files, err := segments(dir)
	if err != nil || len(files) == 0 {
		return err
	}
	return fault.New(fault.Conflict, "%s, which names the newest record of reads, was removed: "+
		"restore it from a backup, or move the folder aside to begin anew", filepath.Join(dir, headFile))
}

// createHead writes the head of a new folder to the disk: whole or not at all.
func createHead(dir string, made head) error {
	if err := writeSynced(filepath.Join(dir, newHeadFile), made.appendTo(nil)); err != nil {
		return err
	}
	if err := os.Rename(filepath.Join(dir, newHeadFile), filepath.Join(dir, headFile)); err != nil {
		return fmt.Errorf("name the head of the record of reads: %w", err)
	}
	return syncDir(dir)
}

func writeSynced(path string, text []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, fileMode)
	if err != nil {
		return fmt.Errorf("make a file of the record of reads: %w", err)
	}
	defer file.Close()
	if _, err := file.Write(text); err != nil {
		return fmt.Errorf("write a file of the record of reads: %w", err)
	}
	return file.Sync()
}

// syncDir makes the names in a folder last.
func syncDir(dir string) error {
	opened, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("open the folder of the record of reads: %w", err)
	}
	defer opened.Close()
	if err := opened.Sync(); err != nil {
		return fmt.Errorf("keep the names of the record of reads: %w", err)
	}
	return nil
}

// bootFile names the run of the machine, on Linux.
const bootFile = "/proc/sys/kernel/random/boot_id"

// currentBoot is empty where the system does not tell.
func currentBoot() string {
	text, err := os.ReadFile(bootFile)
	if id := strings.TrimSpace(string(text)); err == nil && len(id) <= bootWidth {
		return id
	}
	return ""
}

const (
	fileMode fs.FileMode = 0o600
	dirMode  fs.FileMode = 0o700
)
