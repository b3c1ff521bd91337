package host

import "os"

func (t tree) openPart(path string) (Part, error) {
	file, err := t.root.OpenFile(path)
	if err != nil {
		return nil, err
	}
	return partFile{file}, nil
}

type partFile struct{ *os.File }

func (f partFile) Size() (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}
