using System.Buffers;
using Mayfly.Linux;

namespace Mayfly.Images.Layers;

/// <summary>One name of a layer, as its archive is to have it.</summary>
/// <param name="Path">Where it is.</param>
/// <param name="Name">Its name in the archive.</param>
/// <param name="Type">ustar's type flag.</param>
/// <param name="Node">What stat(2) says of it.</param>
internal sealed record LayerEntry(string Path, string Name, char Type, Node Node)
{
    /// <summary>Files up to this size are read ahead; larger ones while they are written.</summary>
    public const int Small = 256 * 1024;

    private static readonly Node Sign = new() { Kind = NodeKind.File, Mode = 0, User = 0, Group = 0, Size = 0, Time = 0, Inode = 0, Links = 1 };

    /// <summary>What a link names.</summary>
    public string Target { get; init; } = "";

    /// <summary>Extended attributes, once it is read.</summary>
    public IReadOnlyList<(string Name, byte[] Value)> Attributes { get; private set; } = [];

    /// <summary>A small file's contents, once it is read, with room behind them. Give them back to the shared pool.</summary>
    public byte[]? Contents { get; private set; }

    /// <summary>The sign that something below is hidden.</summary>
    public static LayerEntry Whiteout(string name) => new("", name, '0', Sign);

    /// <summary>Reads what the archive needs beyond the name's facts.</summary>
    public void Read()
    {
        if (Path.Length == 0 || Type is not ('0' or '5'))
            return;
        Attributes = ReadAttributes(Path);
        if (Type == '0' && Node.Size is > 0 and <= Small)
            Contents = ReadContents();
    }

    private byte[] ReadContents()
    {
        var contents = ArrayPool<byte>.Shared.Rent((int)Node.Size);
        using var file = FileHandles.OpenFile(Path);
        for (var done = 0; done < Node.Size;)
        {
            var read = RandomAccess.Read(file, contents.AsSpan(done, (int)Node.Size - done), done);
            done += read > 0 ? read : throw Shorter();
        }

        return contents;
    }

    public IOException Shorter() => new($"{Path} became shorter while it was read");

    private static List<(string Name, byte[] Value)> ReadAttributes(string path)
    {
        List<(string, byte[])> attributes = [];
        foreach (var name in Nodes.AttributeNames(path))
        {
            if (!name.StartsWith("trusted.", StringComparison.Ordinal) && name != "security.selinux" && Nodes.ReadAttribute(path, name) is { } value)
                attributes.Add((name, value));
        }

        return attributes;
    }
}
