using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;
using Mayfly.Linux;
using Microsoft.Win32.SafeHandles;

namespace Mayfly.Packages.Python;

/// <summary>The form in which a wheel is in the store: one file that has all of its files as they are, and before them an index.</summary>
/// <remarks>
/// First <see cref="Mark"/>, then the index's checksum (XXH3), its length, and the whole file's length, each in eight bytes, the smallest first; then the index: the wheel's file name, the name of its folder of
/// metadata, and of each file path, digest, size, place, checksum and whether it runs, in the order of the paths, in which their bytes follow each other too. Long ones begin at a multiple of
/// <see cref="FileHandles.ShareUnit"/>, so that file systems that can share blocks do. Why not a folder with the files: a wheel has thousands, and each would have to be made once here and opened
/// once for every environment; making files is what an installation takes its time for. Why not the archive itself: inflating takes as long as writing.
/// </remarks>
/// <param name="Name">The wheel's file name.</param>
/// <param name="Information">The folder of its metadata.</param>
/// <param name="Files">In the order of their paths.</param>
internal sealed record WheelPack(string Name, string Information, IReadOnlyList<PackedFile> Files)
{
    /// <summary>Sharing a shorter one takes longer than copying it.</summary>
    public const int Shared = 4 * FileHandles.ShareUnit;

    private const ulong Mark = 0x01_6b_63_61_70_6c_68_77; // "whlpack" and the form's number
    private const int HeadLength = 32, FirstRead = 1 << 16;

    /// <summary>Lays out a wheel whose files were not read yet: places are known, and all checksums are 0.</summary>
    public static WheelPack Of(string name, WheelArchive wheel)
    {
        PackedFile[] files = [.. wheel.Files.Order(StringComparer.Ordinal).Select(path => new PackedFile(path, wheel.HashOf(path), wheel.SizeOf(path), wheel.IsExecutable(path)))];
        var pack = new WheelPack(name, wheel.Information, files);
        long at = HeadLength + pack.Index().Length;
        for (var number = 0; number < files.Length; number++)
        {
            if (files[number].Size >= Shared)
                at = Up(at);
            files[number] = files[number] with { Offset = at };
            at += files[number].Size;
        }

        return pack;
    }

    /// <summary>The length of the whole file: what is shared at its end is whole blocks too.</summary>
    public long Length => Files is [.., var last] ? Up(last.Offset + last.Size) : 0;

    /// <summary>Writes all but the files' own bytes.</summary>
    public void WriteIndex(SafeFileHandle file)
    {
        var index = Index();
        var head = new byte[HeadLength];
        BinaryPrimitives.WriteUInt64LittleEndian(head, Mark);
        BinaryPrimitives.WriteUInt64LittleEndian(head.AsSpan(8), XxHash3.HashToUInt64(index));
        BinaryPrimitives.WriteInt64LittleEndian(head.AsSpan(16), index.Length);
        BinaryPrimitives.WriteInt64LittleEndian(head.AsSpan(24), Length);
        RandomAccess.Write(file, [head, index], 0);
        RandomAccess.SetLength(file, Length);
    }

    /// <summary>Null when it is damaged, or of a form that is not known.</summary>
    public static WheelPack? Read(SafeFileHandle file)
    {
        var begin = new byte[FirstRead];
        var read = RandomAccess.Read(file, begin, 0);
        if (read < HeadLength || BinaryPrimitives.ReadUInt64LittleEndian(begin) != Mark)
            return null;
        var (checksum, length, whole) = (BinaryPrimitives.ReadUInt64LittleEndian(begin.AsSpan(8)), BinaryPrimitives.ReadInt64LittleEndian(begin.AsSpan(16)), BinaryPrimitives.ReadInt64LittleEndian(begin.AsSpan(24)));
        if (RandomAccess.GetLength(file) != whole || length <= 0 || length > whole - HeadLength || length > int.MaxValue)
            return null;
        var index = new byte[length];
        var done = (int)Math.Min(read - HeadLength, length);
        begin.AsSpan(HeadLength, done).CopyTo(index);
        for (int more; done < length; done += more)
        {
            if ((more = RandomAccess.Read(file, index.AsSpan(done), HeadLength + done)) <= 0)
                return null;
        }

        return XxHash3.HashToUInt64(index) == checksum ? Read(index) : null;
    }

    private static WheelPack Read(byte[] index)
    {
        using var reader = new BinaryReader(new MemoryStream(index), Encoding.UTF8);
        var (name, information) = (reader.ReadString(), reader.ReadString());
        var files = new PackedFile[reader.ReadInt32()];
        for (var number = 0; number < files.Length; number++)
            files[number] = new PackedFile(reader.ReadString(), reader.ReadString() is { Length: > 0 } hash ? hash : null, reader.ReadInt64(), reader.ReadBoolean()) { Offset = reader.ReadInt64(), Checksum = reader.ReadUInt64() };
        return new WheelPack(name, information, files);
    }

    /// <summary>As long for the same files whatever their places and checksums are.</summary>
    private byte[] Index()
    {
        using var bytes = new MemoryStream();
        using var writer = new BinaryWriter(bytes, Encoding.UTF8);
        writer.Write(Name);
        writer.Write(Information);
        writer.Write(Files.Count);
        foreach (var file in Files)
        {
            writer.Write(file.Path);
            writer.Write(file.Hash ?? "");
            writer.Write(file.Size);
            writer.Write(file.Runs);
            writer.Write(file.Offset);
            writer.Write(file.Checksum);
        }

        return bytes.ToArray();
    }

    private static long Up(long offset) => (offset + FileHandles.ShareUnit - 1) & -FileHandles.ShareUnit;
}
