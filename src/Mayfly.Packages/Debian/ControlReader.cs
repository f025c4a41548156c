namespace Mayfly.Packages.Debian;

/// <summary>Reads a control file (Packages, status, Release …) from a stream, one stanza at a time, in a buffer of its own.</summary>
public sealed class ControlReader(Stream stream)
{
    /// <summary>No honest stanza is larger; without a limit a hostile index could fill the memory.</summary>
    private const int LargestStanza = 16 << 20;

    private byte[] _buffer = GC.AllocateUninitializedArray<byte>(1 << 20);
    private int _start;
    private int _length;
    private bool _ended;

    /// <summary>The next stanza, valid until the next call; empty at the end.</summary>
    public ReadOnlySpan<byte> Read()
    {
        while (true)
        {
            while (_length > 0 && _buffer[_start] == '\n')
            {
                _start++;
                _length--;
            }

            var available = _buffer.AsSpan(_start, _length);
            var end = available.IndexOf("\n\n"u8);
            if (end >= 0)
            {
                _start += end + 2;
                _length -= end + 2;
                return available[..(end + 1)];
            }

            if (_ended)
            {
                _length = 0;
                return available;
            }

            Fill();
        }
    }

    private void Fill()
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _length).CopyTo(_buffer);
            _start = 0;
        }

        if (_length == _buffer.Length)
        {
            if (_buffer.Length >= LargestStanza)
                throw new FormatException($"a stanza is larger than {LargestStanza >> 20} MiB");
            Array.Resize(ref _buffer, _buffer.Length * 2);
        }

        var read = stream.Read(_buffer, _length, _buffer.Length - _length);
        _length += read;
        _ended = read == 0;
    }
}
