using System.IO.Hashing;

namespace Mayfly.Packages.Archives.Zip;

/// <summary>An entry's contents; at their end they must have the size and the checksum that the archive says.</summary>
internal sealed class CheckedStream(Stream contents, ZipEntry entry) : ForwardStream
{
    private readonly Crc32 _checksum = new();
    private long _read;

    public override int Read(Span<byte> buffer)
    {
        if (buffer.IsEmpty)
            return 0;
        int read;
        try
        {
            read = contents.Read(buffer);
        }
        catch (InvalidDataException e)
        {
            throw new ArchiveException($"'{entry.Name}' in it is damaged ({e.Message})", e);
        }

        _read += read;
        if (_read > entry.Size || (read == 0 && _read < entry.Size))
            throw new ArchiveException($"'{entry.Name}' in it has {(read == 0 ? "fewer" : "more")} bytes than it says");
        _checksum.Append(buffer[..read]);
        if (read == 0 && _checksum.GetCurrentHashAsUInt32() != entry.Checksum)
            throw new ArchiveException($"'{entry.Name}' in it is damaged: its checksum is another");
        return read;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            contents.Dispose();
        base.Dispose(disposing);
    }
}
