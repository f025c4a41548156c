using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;

namespace Mayfly.Packages.Tests.Archives;

/// <summary>A zip archive with something wrong that no tool would make.</summary>
internal sealed class OddZip
{
    private static readonly byte[] Data = "data"u8.ToArray();

    public List<string> Names { get; init; } = [];

    public string? LocalName { get; init; }

    public uint? LocalSize { get; init; }

    public long? Size { get; init; }

    public ushort Method { get; init; }

    public ushort Flags { get; init; }

    public uint Mode { get; init; }

    public byte[] Extra { get; init; } = [];

    public int Before { get; init; }

    public int Between { get; init; }

    public int After { get; init; }

    public bool Overlapping { get; init; }

    /// <summary>Each entry is the data of the one before, as a bomb has it that unpacks to far more than it has.</summary>
    public bool Nested { get; init; }

    public bool EndInComment { get; init; }

    public int? Count { get; init; }

    public byte[] Bytes()
    {
        var whole = new MemoryStream();
        whole.Write(new byte[Before]);
        List<byte[]> directory = [];
        var first = whole.Position;
        // From the last one, so that it can be the data of the one before.
        var data = Data;
        List<byte[]> locals = [];
        foreach (var name in Names.AsEnumerable().Reverse())
        {
            var local = Encoding.UTF8.GetBytes(LocalName ?? name);
            locals.Insert(0, [.. Header(0x04034b50, Crc32.HashToUInt32(data), LocalSize ?? (uint)(Size ?? data.Length), LocalSize ?? (uint)data.Length), .. Short(local.Length), .. Short(0), .. local, .. data]);
            var written = Encoding.UTF8.GetBytes(name);
            directory.Insert(0, [.. Int(0x02014b50), .. Short(3 << 8), .. Header(null, Crc32.HashToUInt32(data), (uint)(Size ?? data.Length), (uint)data.Length), .. Short(written.Length), .. Short(Extra.Length), .. Short(0), .. Short(0), .. Short(0), .. Int(Mode << 16), .. Int(0), .. written, .. Extra]);
            data = Nested ? locals[0] : Data;
        }

        for (var i = 0; i < Names.Count; i++)
        {
            var at = Overlapping ? first : Nested ? first + locals[0].Length - locals[i].Length : whole.Position;
            Int((uint)at).CopyTo(directory[i], 42);
            if (i == 0 || !(Overlapping || Nested))
                whole.Write(locals[i]);
        }

        whole.Write(new byte[Between]);
        var start = whole.Position;
        foreach (var header in directory)
            whole.Write(header);
        byte[] end = [.. Int(0x06054b50), .. Short(0), .. Short(0), .. Short(Count ?? Names.Count), .. Short(Count ?? Names.Count), .. Int((uint)(whole.Position - start)), .. Int((uint)start)];
        whole.Write([.. end, .. Short(EndInComment ? 22 : 0), .. EndInComment ? [.. end, .. Short(0)] : (byte[])[], .. new byte[After]]);
        return whole.ToArray();
    }

    private byte[] Header(uint? mark, uint checksum, uint size, uint packed) =>
        [.. mark is { } known ? Int(known) : [], .. Short(20), .. Short(Flags), .. Short(Method), .. Int(0), .. Int(checksum), .. Int(packed), .. Int(size)];

    private static byte[] Short(int number)
    {
        var bytes = new byte[2];
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, (ushort)number);
        return bytes;
    }

    private static byte[] Int(uint number)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, number);
        return bytes;
    }
}
