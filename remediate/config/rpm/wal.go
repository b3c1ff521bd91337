package rpm

import "encoding/binary"

// readLog gives the pages that a write-ahead log holds and that the database does not have yet: those
// of whole transactions, up to the first frame whose salt or checksum does not fit.
func readLog(log []byte, size int) map[uint32][]byte {
	const head, frameHead = 32, 24
	if len(log) < head {
		return nil
	}
	var order binary.ByteOrder = binary.LittleEndian
	switch binary.BigEndian.Uint32(log) {
	case 0x377f0682:
	case 0x377f0683:
		order = binary.BigEndian
	default:
		return nil
	}
	sum := checksum(order, [2]uint32{}, log[:24])
	if int(binary.BigEndian.Uint32(log[8:])) != size || sum != pair(log[24:]) {
		return nil
	}
	salt := pair(log[16:])
	committed, pending := map[uint32][]byte{}, map[uint32][]byte{}
	for frames := log[head:]; len(frames) >= frameHead+size; frames = frames[frameHead+size:] {
		f := frames[:frameHead+size]
		sum = checksum(order, checksum(order, sum, f[:8]), f[frameHead:])
		if pair(f[8:]) != salt || pair(f[16:]) != sum {
			break
		}
		pending[binary.BigEndian.Uint32(f)] = f[frameHead:]
		if binary.BigEndian.Uint32(f[4:]) != 0 { // the frame ends a transaction
			for n, page := range pending {
				committed[n] = page
			}
			clear(pending)
		}
	}
	return committed
}

func pair(b []byte) [2]uint32 {
	return [2]uint32{binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:])}
}

func checksum(order binary.ByteOrder, s [2]uint32, b []byte) [2]uint32 {
	for ; len(b) >= 8; b = b[8:] {
		s[0] += order.Uint32(b) + s[1]
		s[1] += order.Uint32(b[4:]) + s[0]
	}
	return s
}
