using Microsoft.Win32.SafeHandles;

namespace Mayfly.Packages.Archives.Zip;

/// <summary>Some bytes of a file, from an offset; several may be read at once.</summary>
internal sealed class SectionStream(SafeFileHandle file, long offset, long length) : ForwardStream
{
    private long _read;

    public override int Read(Span<byte> buffer)
    {
        buffer = buffer[..(int)Math.Min(buffer.Length, length - _read)];
        if (buffer.IsEmpty)
            return 0;
        var read = RandomAccess.Read(file, buffer, offset + _read);
        if (read == 0)
            throw new ArchiveException("it is cut short");
        _read += read;
        return read;
    }
}
