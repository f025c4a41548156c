using System.Buffers;
using System.Globalization;
using System.Text;
using Mayfly.Linux;

namespace Mayfly.Images.Layers;

/// <summary>
/// Writes a layer as a tar archive (POSIX pax, IEEE Std 1003.1 chapter pax) that depends on the layer's contents alone: sorted
/// bytewise, numeric owners, times of whole seconds and none after the epoch, whiteouts in OCI's form (image-spec, layer.md).
/// </summary>
internal sealed class LayerTar(Stream output, long epoch)
{
    private const int Block = 512;
    private readonly Dictionary<ulong, string> _seen = [];
    private readonly byte[] _header = new byte[Block];
    private readonly byte[] _buffer = ArrayPool<byte>.Shared.Rent(1 << 20);

    /// <param name="tree">The layer's tree.</param>
    /// <param name="output">Is given the whole archive.</param>
    /// <param name="epoch">The latest time, in seconds since 1970.</param>
    public static void Write(string tree, Stream output, long epoch, CancellationToken cancellationToken)
    {
        var tar = new LayerTar(output, epoch);
        tar.Folder(tree, "", cancellationToken);
        tar.End();
    }

    private void Folder(string path, string name, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (LayerTree.IsOpaque(path))
            Whiteout($"{name}.wh..wh..opq");
        var entries = Directory.GetFileSystemEntries(path);
        // UTF-8's order is that of code points, which ordinal UTF-16 differs from beyond the basic plane; both are fixed orders.
        Array.Sort(entries, StringComparer.Ordinal);
        foreach (var entry in entries)
        {
            var last = Path.GetFileName(entry);
            if (last.StartsWith(".wh.", StringComparison.Ordinal))
                throw new MayflyException($"the layer holds a file named {name}{last}, which images cannot carry", "names that begin with .wh. mean removal in OCI layers; name it otherwise");
            var node = Nodes.Read(entry);
            if (node.IsWhiteout)
                Whiteout($"{name}.wh.{last}");
            else
                Entry(entry, $"{name}{last}", node, cancellationToken);
        }
    }

    private void Entry(string path, string name, Node node, CancellationToken cancellationToken)
    {
        switch (node.Kind)
        {
            case NodeKind.Directory:
                Header($"{name}/", '5', node, attributes: Attributes(path));
                Folder(path, $"{name}/", cancellationToken);
                break;
            case NodeKind.Link:
                Header(name, '2', node, Nodes.ReadLink(path));
                break;
            case NodeKind.File:
                // Links into the store give almost every file more than one name; only a second one inside this layer counts.
                if (node.Links > 1 && !_seen.TryAdd(node.Inode, name))
                    Header(name, '1', node, _seen[node.Inode]);
                else
                    Contents(path, name, node);
                break;
            case NodeKind.CharacterDevice:
                Header(name, '3', node);
                break;
            case NodeKind.BlockDevice:
                Header(name, '4', node);
                break;
            case NodeKind.Pipe:
                Header(name, '6', node);
                break;
            case NodeKind.Socket:
                // A socket without its process means nothing; tar has no form for it.
                break;
        }
    }

    private void Contents(string path, string name, Node node)
    {
        Header(name, '0', node, size: node.Size, attributes: Attributes(path));
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        long done = 0;
        while (done < node.Size)
        {
            var read = RandomAccess.Read(file, _buffer.AsSpan(0, (int)Math.Min(_buffer.Length, node.Size - done)), done);
            if (read == 0)
                throw new IOException($"{path} became shorter while it was read");
            output.Write(_buffer, 0, read);
            done += read;
        }

        Pad(node.Size);
    }

    private static List<(string Name, byte[] Value)> Attributes(string path)
    {
        List<(string, byte[])> attributes = [];
        foreach (var name in Nodes.AttributeNames(path))
        {
            if (!name.StartsWith("trusted.", StringComparison.Ordinal) && name != "security.selinux" && Nodes.ReadAttribute(path, name) is { } value)
                attributes.Add((name, value));
        }

        return attributes;
    }

    private void Whiteout(string name) =>
        Header(name, '0', new Node { Kind = NodeKind.File, Mode = 0, User = 0, Group = 0, Size = 0, Time = 0, Inode = 0, Links = 1 });

    private void Header(string name, char type, Node node, string target = "", long size = 0, List<(string Name, byte[] Value)>? attributes = null)
    {
        var pax = new MemoryStream();
        var nameBytes = Encoding.UTF8.GetBytes(name);
        var targetBytes = Encoding.UTF8.GetBytes(target);
        if (nameBytes.Length > 100 || nameBytes.AsSpan().IndexOfAnyInRange((byte)0x80, (byte)0xff) >= 0)
            Record(pax, "path", nameBytes);
        if (targetBytes.Length > 100 || targetBytes.AsSpan().IndexOfAnyInRange((byte)0x80, (byte)0xff) >= 0)
            Record(pax, "linkpath", targetBytes);
        if (size > 0x1_ffff_ffff)
            Record(pax, "size", Number(size));
        if (node.User > 0x1f_ffff)
            Record(pax, "uid", Number(node.User));
        if (node.Group > 0x1f_ffff)
            Record(pax, "gid", Number(node.Group));
        foreach (var (attribute, value) in attributes ?? [])
            Record(pax, $"SCHILY.xattr.{attribute}", value);
        if (pax.Length > 0)
        {
            Fill("pax"u8, 'x', 0x1a4, 0, 0, pax.Length, 0, [], 0, 0);
            pax.Position = 0;
            pax.CopyTo(output);
            Pad(pax.Length);
        }

        var mode = type == '2' ? 0x1ff : node.Mode;
        Fill(nameBytes, type, mode, node.User, node.Group, size, Math.Clamp(node.Time, 0, epoch), targetBytes, node.DeviceMajor, node.DeviceMinor);
    }

    private void Fill(ReadOnlySpan<byte> name, char type, int mode, int user, int group, long size, long time, ReadOnlySpan<byte> target, int major, int minor)
    {
        var header = _header.AsSpan();
        header.Clear();
        name[..Math.Min(name.Length, 100)].CopyTo(header);
        Octal(header[100..108], mode);
        Octal(header[108..116], user > 0x1f_ffff ? 0 : user);
        Octal(header[116..124], group > 0x1f_ffff ? 0 : group);
        Octal(header[124..136], size > 0x1_ffff_ffff ? 0 : size);
        Octal(header[136..148], time);
        header[148..156].Fill((byte)' ');
        header[156] = (byte)type;
        target[..Math.Min(target.Length, 100)].CopyTo(header[157..]);
        "ustar\0"u8.CopyTo(header[257..]);
        "00"u8.CopyTo(header[263..]);
        Octal(header[329..337], type is '3' or '4' ? major : 0);
        Octal(header[337..345], type is '3' or '4' ? minor : 0);
        var sum = 0;
        foreach (var value in header)
            sum += value;
        Octal(header[148..155], sum);
        output.Write(_header);
    }

    private static void Octal(Span<byte> field, long value)
    {
        for (var at = field.Length - 2; at >= 0; at--, value >>= 3)
            field[at] = (byte)('0' + (value & 7));
        field[^1] = 0;
    }

    private static byte[] Number(long value) => Encoding.ASCII.GetBytes(value.ToString(CultureInfo.InvariantCulture));

    /// <summary>"length key=value\n", where the length counts its own digits too.</summary>
    private static void Record(MemoryStream pax, string key, ReadOnlySpan<byte> value)
    {
        var rest = Encoding.UTF8.GetByteCount(key) + value.Length + 3;
        var length = rest + 1;
        while (length != rest + length.ToString(CultureInfo.InvariantCulture).Length)
            length = rest + length.ToString(CultureInfo.InvariantCulture).Length;
        pax.Write(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{length} {key}=")));
        pax.Write(value);
        pax.WriteByte((byte)'\n');
    }

    private void Pad(long size)
    {
        var rest = (int)(size % Block);
        if (rest == 0)
            return;
        _header.AsSpan().Clear();
        output.Write(_header, 0, Block - rest);
    }

    private void End()
    {
        _header.AsSpan().Clear();
        output.Write(_header);
        output.Write(_header);
        output.Flush();
        ArrayPool<byte>.Shared.Return(_buffer);
    }
}
