using System.Buffers.Binary;
using System.Text;

namespace Mayfly.Images.Building;

/// <summary>What a program or library in ELF's format asks of the dynamic linker; System V ABI, chapter 5.</summary>
/// <param name="Name">What others ask for it by (DT_SONAME); empty when it has none.</param>
/// <param name="Needed">The libraries that it wants (DT_NEEDED).</param>
internal sealed record SharedObject(string Name, IReadOnlyList<string> Needed)
{
    private const int Load = 1, Dynamic = 2, NeededTag = 1, StringTable = 5, NameTag = 14;

    /// <summary>With this such a file begins.</summary>
    public static ReadOnlySpan<byte> Magic => "\u007fELF"u8;

    /// <summary>Null for every other file, and for one that is damaged: the linker will say so better.</summary>
    public static SharedObject? Read(byte[] file)
    {
        if (!file.AsSpan().StartsWith(Magic))
            return null;
        try
        {
            return new Reader(file).Read();
        }
        catch (Exception e) when (e is ArgumentOutOfRangeException or OverflowException)
        {
            return null;
        }
    }

    /// <summary>Every offset in the file may be a lie; slices refuse those that lead out of it.</summary>
    private sealed class Reader(byte[] bytes)
    {
        private readonly bool _wide = bytes.AsSpan(4, 1)[0] == 2;
        private readonly bool _little = bytes.AsSpan(5, 1)[0] == 1;

        public SharedObject? Read()
        {
            var (start, size, count) = _wide ? (Word(32), Half(54), Half(56)) : (Word(28), Half(42), Half(44));
            var segments = new List<(uint Kind, long Offset, long Address, long Length)>();
            for (var at = 0; at < count; at++)
            {
                var header = checked((int)(start + (at * size)));
                segments.Add(_wide ? (Number(header), Word(header + 8), Word(header + 16), Word(header + 32)) : (Number(header), Word(header + 4), Word(header + 8), Word(header + 16)));
            }

            if (segments.Find(static segment => segment.Kind == Dynamic) is not { Length: > 0 } dynamic)
                return null;
            var entries = new List<(long Tag, long Value)>();
            var width = _wide ? 8 : 4;
            for (var at = dynamic.Offset; at < dynamic.Offset + dynamic.Length; at += 2 * width)
            {
                var tag = Word(checked((int)at));
                if (tag == 0)
                    break;
                entries.Add((tag, Word(checked((int)at + width))));
            }

            var address = entries.Find(static entry => entry.Tag == StringTable).Value;
            if (segments.Find(segment => segment.Kind == Load && address >= segment.Address && address < segment.Address + segment.Length) is not { Length: > 0 } holder)
                return null;
            var strings = address - holder.Address + holder.Offset;
            return new SharedObject(
                entries.Where(static entry => entry.Tag == NameTag).Select(entry => Text(strings + entry.Value)).FirstOrDefault() ?? "",
                [.. entries.Where(static entry => entry.Tag == NeededTag).Select(entry => Text(strings + entry.Value)).Distinct()]);
        }

        private string Text(long offset)
        {
            var rest = bytes.AsSpan(checked((int)offset));
            return Encoding.UTF8.GetString(rest[..Math.Max(0, rest.IndexOf((byte)0))]);
        }

        private int Half(int at) => _little ? BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(at, 2)) : BinaryPrimitives.ReadUInt16BigEndian(bytes.AsSpan(at, 2));

        private uint Number(int at) => _little ? BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at, 4)) : BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(at, 4));

        private long Word(int at) => !_wide ? Number(at) : _little ? BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(at, 8)) : BinaryPrimitives.ReadInt64BigEndian(bytes.AsSpan(at, 8));
    }
}
