package odb

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"golang.org/x/sys/unix"

	"reconcile/internal/files"
)

// mappedFile is a file whose content is memory, as Git reads packs and their indexes, which never
// change: a call to the system for each object costs as much as a tenth of inflating it. The
// memory is released when nothing refers to the mappedFile.
type mappedFile struct {
	path string
	data []byte // read it within catchFaults
}

func mapFile(path string) (*mappedFile, error) {
	file, err := files.OpenRegular(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	f := &mappedFile{path: path}
	if info.Size() == 0 {
		return f, nil // the system maps no empty file
	}
	if f.data, err = unix.Mmap(int(file.Fd()), 0, int(info.Size()), unix.PROT_READ, unix.MAP_PRIVATE); err != nil {
		return nil, fmt.Errorf("map %s into memory: %w", path, err)
	}
	runtime.AddCleanup(f, func(data []byte) { _ = unix.Munmap(data) }, f.data)
	return f, nil
}

func (f *mappedFile) size() int64 { return int64(len(f.data)) }

// catchFaults calls read, which reads mapped files. Where memory has no content, since the disk
// fails or the file has become shorter, it returns an error.
func catchFaults(read func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		switch fault := recover().(type) {
		case nil:
		case interface {
			error
			Addr() uintptr
		}:
			err = fmt.Errorf("damaged: %w%s", fault, damageHelp)
		default:
			panic(fault)
		}
	}()
	return read()
}
