package terraform

import (
	"bytes"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// processes lists what /proc shows. A process whose environment we may not
// read has no mark.
func processes() ([]process, error) {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return nil, err
	}
	var all []process
	buffer := make([]byte, 0, 16<<10)
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		p := process{pid: pid}
		buffer = readProc(buffer, "/proc/"+name+"/stat")
		if !p.readStat(buffer) {
			continue
		}
		buffer = readProc(buffer, "/proc/"+name+"/environ")
		p.mark = findMark(buffer)
		all = append(all, p)
	}
	return all, nil
}

// readStat is false for a process that has ended.
func (p *process) readStat(stat []byte) bool {
	// The command name, in parentheses, may hold anything: fields follow the
	// last one.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) < 3 || fields[0] == "Z" || fields[0] == "X" {
		return false
	}
	p.parent, _ = strconv.Atoi(fields[1])
	p.group, _ = strconv.Atoi(fields[2])
	return true
}

// readProc reads a file of /proc over what the buffer holds; nothing, if it
// cannot. Done by hand because it is done hundreds of times for each
// workspace, and os.ReadFile takes twice as long here.
func readProc(buffer []byte, path string) []byte {
	buffer = buffer[:0]
	file, err := syscall.Open(path, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return buffer
	}
	defer syscall.Close(file)
	for {
		if len(buffer) == cap(buffer) {
			buffer = append(buffer, 0)[:len(buffer)]
		}
		n, err := syscall.Read(file, buffer[len(buffer):cap(buffer)])
		if err == syscall.EINTR {
			continue
		}
		if n <= 0 || err != nil {
			return buffer
		}
		buffer = buffer[:len(buffer)+n]
	}
}
