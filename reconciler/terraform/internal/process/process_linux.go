package process

import (
	"os"
	"strconv"
	"syscall"

	"reconcile/internal/procinfo"
)

// SysProcAttr gives a program its own process group, so that Ctrl-C at the terminal
// does not reach it. The kernel kills the program when this process dies.
func SysProcAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// listProcesses reads /proc. A process whose environment is not readable has no tag.
func listProcesses() ([]process, error) {
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
		if !p.parseStat(buffer) {
			continue
		}
		buffer = readProc(buffer, "/proc/"+name+"/environ")
		p.tag = findTag(buffer)
		all = append(all, p)
	}
	return all, nil
}

// kernelThreadFlag is PF_KTHREAD, the flag of processes that run no program.
const kernelThreadFlag = 0x00200000

// parseStat returns false for a dead process and for a kernel thread.
func (p *process) parseStat(stat []byte) bool {
	for n, field := range procinfo.StatFields(stat) {
		switch n {
		case 3:
			if field[0] == 'Z' || field[0] == 'X' {
				return false
			}
		case 4:
			p.parent = parseNumber(field)
		case 5:
			p.group = parseNumber(field)
		case 9:
			return parseNumber(field)&kernelThreadFlag == 0
		}
	}
	return false
}

func parseNumber(field []byte) int {
	n, _ := strconv.Atoi(string(field)) // the kernel writes numbers
	return n
}

// readProc reads a file of /proc into buffer; it returns an empty slice on error. It is
// called hundreds of times for each workspace, and os.ReadFile takes twice as long
// here.
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
