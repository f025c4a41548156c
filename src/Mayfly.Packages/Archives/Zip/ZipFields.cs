using System.Buffers.Binary;

namespace Mayfly.Packages.Archives.Zip;

/// <summary>The numbers of a header, one after the other; the smallest byte first.</summary>
internal ref struct ZipFields(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _rest = bytes;

    public readonly int Length => _rest.Length;

    public ushort Short() => BinaryPrimitives.ReadUInt16LittleEndian(Take(2));

    public uint Int() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    /// <exception cref="ArchiveException">The number is larger than any file.</exception>
    public long Long() => BinaryPrimitives.ReadInt64LittleEndian(Take(8)) is >= 0 and var number ? number : throw new ArchiveException("a number in it is larger than any file");

    public void Skip(int bytes) => Take(bytes);

    public ReadOnlySpan<byte> Take(int bytes)
    {
        if (_rest.Length < bytes)
            throw new ArchiveException("a header in it is cut short");
        var taken = _rest[..bytes];
        _rest = _rest[bytes..];
        return taken;
    }
}
