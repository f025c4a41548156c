using System.Buffers;
using System.Globalization;
using System.Text;
using Mayfly.Linux;

namespace Mayfly.Images.Layers;

/// <summary>
/// Writes a layer as a tar archive (POSIX pax, IEEE Std 1003.1 chapter pax) that depends on the layer's contents alone: the
/// order of <see cref="LayerWalk"/>, numeric owners, times of whole seconds and none after the epoch.
/// </summary>
internal sealed class LayerTar(Stream output, long epoch)
{
    private const int Block = 512;
    private readonly byte[] _header = new byte[Block];
    private readonly byte[] _buffer = ArrayPool<byte>.Shared.Rent(1 << 20);

    /// <param name="entries">The layer's, from <see cref="LayerWalk"/>.</param>
    /// <param name="output">Is given the whole archive.</param>
    /// <param name="epoch">The latest time, in seconds since 1970.</param>
    public static void Write(IEnumerable<LayerEntry> entries, Stream output, long epoch)
    {
        var tar = new LayerTar(output, epoch);
        foreach (var entry in entries)
            tar.Entry(entry);
        tar.End();
    }

    private void Entry(LayerEntry entry)
    {
        Header(entry);
        if (entry.Type != '0' || entry.Node.Size == 0)
            return;
        if (entry.Contents is { } contents)
        {
            output.Write(contents, 0, (int)entry.Node.Size);
            ArrayPool<byte>.Shared.Return(contents);
        }
        else
        {
            Stream(entry);
        }

        Pad(entry.Node.Size);
    }

    private void Stream(LayerEntry entry)
    {
        using var file = FileHandles.OpenFile(entry.Path);
        for (long done = 0; done < entry.Node.Size;)
        {
            var read = RandomAccess.Read(file, _buffer.AsSpan(0, (int)Math.Min(_buffer.Length, entry.Node.Size - done)), done);
            if (read == 0)
                throw entry.Shorter();
            output.Write(_buffer, 0, read);
            done += read;
        }
    }

    private void Header(LayerEntry entry)
    {
        var (type, node) = (entry.Type, entry.Node);
        var size = type == '0' ? node.Size : 0;
        var pax = new MemoryStream();
        var nameBytes = Encoding.UTF8.GetBytes(entry.Name);
        var targetBytes = Encoding.UTF8.GetBytes(entry.Target);
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
        foreach (var (attribute, value) in entry.Attributes)
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
