using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Mayfly.Packages.Tests.Fuzzing;

/// <summary>
/// Tar archives by a grammar that knows every kind of header and what is wrong about each: a seed decides. Names lead out of the tree to
/// <paramref name="outside"/> and to wherever that may be reached from.
/// </summary>
/// <param name="random">All choices.</param>
/// <param name="outside">A folder that nothing may be made in.</param>
/// <param name="honest">Only what tar and dpkg extract as well: odd, and valid.</param>
internal sealed class OddTar(Random random, string outside, bool honest)
{
    private readonly List<string> _names = [];
    private readonly MemoryStream _output = new();
    private bool _paxed;

    public byte[] Make()
    {
        for (var left = random.Next(1, 12); left > 0; left--)
            Entry();
        // Two empty blocks end it; one does in practice, and padding to a record follows.
        _output.Write(new byte[512 * (honest ? random.Next(2, 21) : random.Next(0, 21))]);
        if (!honest && Chance(20))
            _output.Write(Bytes(random.Next(2000)));
        return _output.ToArray();
    }

    private bool Chance(int oneOf) => random.Next(oneOf) == 0;

    private T Pick<T>(params T[] choices) => choices[random.Next(choices.Length)];

    private byte[] Bytes(int count)
    {
        var bytes = new byte[count];
        random.NextBytes(bytes);
        return bytes;
    }

    private void Entry()
    {
        var name = Name();
        var type = honest ? Pick('0', '0', '\0', '7', '5', '2', '1') : Pick('0', '0', '0', '\0', '7', '5', '5', '2', '2', '1', '3', '4', '6', 'S', 'D', 'M', 'V', 'N', 'A', (char)random.Next(256));
        if (type == '5')
            name += Pick("", "/");
        var files = _names.Where(known => !known.EndsWith('/')).ToArray();
        var target = type switch
        {
            '1' when honest => files is [] ? "" : Pick(files),
            '1' => Chance(2) && files is not [] ? Pick(files) : Name(),
            '2' => Pick("target", "../x", outside, "/etc", "..", ".", "/", $"../../../../../../..{outside}", new string('l', random.Next(1, 300))),
            _ => "",
        };
        if (type == '1' && target == "")
            type = '0';
        var contents = type is '0' or '\0' or '7' ? Bytes(Pick(0, 1, 511, 512, 513, random.Next(5000))) : [];
        if (honest)
        {
            if (!name.EndsWith('/') && type is not ('5' or '2' or '1'))
                _names.Add(name);
        }
        else
        {
            _names.Add(name.TrimEnd('/'));
        }

        Extended(ref name, ref target, contents);
        var claimed = honest || !Chance(8) ? Number(contents.Length, 12) : Pick(Number(random.NextInt64(), 12), Number(1L << random.Next(63), 12), Number(-1, 12), Encoding.ASCII.GetBytes("99999999999\0"), Bytes(12), new byte[12]);
        _output.Write(Header(type, name, target, claimed));
        _output.Write(contents);
        if (honest || !Chance(30))
            _output.Write(new byte[-contents.Length & 511]);
    }

    private string Name()
    {
        var part = () => Pick("a", "b", "usr", "bin", "ü", "sp ace", "-rf", "line\nbreak", "back\\slash", "*", new string('n', random.Next(1, 120)));
        var name = string.Join('/', Enumerable.Range(0, random.Next(1, 5)).Select(_ => part()));
        if (honest)
        {
            // One name each: a folder of its own, so that nothing is below a file.
            name = $"./{_names.Count}-{random.Next(1 << 20)}{name.Replace('/', '_')}";
            return name.Length > 200 ? name[..200] : name;
        }

        return random.Next(16) switch
        {
            0 => $"/{name}",
            1 => $"{outside}/{name}",
            2 => $"../../../../../../..{outside}/{name}",
            3 => $"a/../../{name}",
            4 => Pick("", ".", "..", "./", "/", "//", "./..", ".//a", "a/./b", "a//b", "a/"),
            5 => name + "/",
            6 when _names.Count > 0 => $"{Pick(_names.ToArray())}/{name}",
            7 when _names.Count > 0 => Pick(_names.ToArray()),
            8 => string.Join('/', Enumerable.Repeat(new string('d', 60), random.Next(1, 90))),
            9 => $"nul\0{name}",
            _ => $"./{name}",
        };
    }

    /// <summary>Long names by GNU, pax, or cut off; and whatever else pax can say.</summary>
    private void Extended(ref string name, ref string target, byte[] contents)
    {
        var bytes = Encoding.UTF8.GetByteCount(name);
        _paxed = false;
        if (bytes > 100 || Chance(6))
            name = Long('L', "path", name);
        if (Encoding.UTF8.GetByteCount(target) > 100 || (target.Length > 0 && Chance(6)))
            target = Long('K', "linkpath", target);
        if (Chance(5) && !(honest && _paxed))
        {
            Pax('x', Pick<(string, string)>(("mtime", "1600000000.5"), ("mtime", "1600000000"), ("comment", "a\nb"), ("uid", "0"), ("size", contents.Length.ToString(CultureInfo.InvariantCulture)), ("SCHILY.xattr.user.test", "value"), ("LIBARCHIVE.creationtime", "1")));
        }

        if (honest)
            return;
        if (Chance(12))
            Pax(Pick('x', 'g', 'X'), Pick(("size", $"{random.NextInt64(-5, 6000)}"), ("path", Name()), ("path", ""), ("linkpath", Name()), ("uid", "-1"), ("gid", "99999999999"), ("mtime", "-1.5"), ("mtime", "x"), ("GNU.sparse.major", "1"), ("GNU.sparse.map", "0,1"), ("uname", new string('u', 300)), ("SCHILY.xattr.security.capability", "x"), ("SCHILY.xattr.", ""), ("SCHILY.xattr.trusted.overlay.opaque", "y")));
        if (Chance(15))
        {
            var text = Bytes(random.Next(600));
            _output.Write(Header(Pick('x', 'g', 'L', 'K'), "pax", "", Pick(Number(text.Length, 12), Number(random.Next(1 << 21), 12))));
            _output.Write(text);
            _output.Write(new byte[-text.Length & 511]);
        }
    }

    private string Long(char type, string key, string value)
    {
        if (Chance(2) || (honest && _paxed))
        {
            var text = Encoding.UTF8.GetBytes(value + "\0");
            _output.Write(Header(type, "././@LongLink", "", Number(text.Length, 12)));
            _output.Write(text);
            _output.Write(new byte[-text.Length & 511]);
        }
        else
        {
            Pax('x', (key, value));
        }

        return "short";
    }

    private void Pax(char type, (string Key, string Value) record)
    {
        _paxed = true;
        var entry = Archives.ArchiveBuilder.Pax(record);
        entry[156] = (byte)type;
        Sum(entry.AsSpan(0, 512), signed: false);
        _output.Write(entry);
    }

    private byte[] Header(char type, string name, string target, byte[] size)
    {
        var header = new byte[512];
        Put(0, 100, Encoding.UTF8.GetBytes(name));
        Put(100, 8, honest ? Octal(Pick(0x1A4, 0x1ED, 0x9ED, 0x5ED, 0x3FF, 0x100), 8) : Pick(Octal(random.Next(0x1000), 8), Octal(0xFFFFF, 8), Bytes(8)));
        Put(108, 8, honest || !Chance(20) ? Number(0, 8) : Pick(Number(random.Next(), 8), Number(-1, 8), Bytes(8)));
        Put(116, 8, honest || !Chance(20) ? Number(0, 8) : Pick(Number(random.Next(), 8), Bytes(8)));
        Put(124, 12, size);
        Put(136, 12, honest ? Number(random.Next(), 12) : Pick(Number(random.Next(), 12), Number(-random.Next(), 12), Number(long.MaxValue, 12), Bytes(12)));
        header[156] = (byte)type;
        Put(157, 100, Encoding.UTF8.GetBytes(target));
        Put(257, 8, Pick("ustar  \0"u8.ToArray(), "ustar\000"u8.ToArray(), new byte[8]));
        Put(265, 32, Pick("root"u8.ToArray(), [], honest ? [] : Bytes(32)));
        Put(297, 32, Pick("root"u8.ToArray(), []));
        if (!honest && Chance(10))
            Put(345, 155, Encoding.UTF8.GetBytes(Pick("prefix", "/abs", "..", outside, new string('p', 155))));
        if (!honest && type is '3' or '4')
            Put(329, 8, Number(random.Next(300), 8));
        if (honest || !Chance(25))
            Sum(header, signed: Chance(4));
        return header;

        void Put(int offset, int length, byte[] bytes) => bytes.AsSpan(0, Math.Min(length, bytes.Length)).CopyTo(header.AsSpan(offset));
    }

    private static void Sum(Span<byte> header, bool signed)
    {
        header.Slice(148, 8).Fill((byte)' ');
        var sum = 0;
        foreach (var one in header)
            sum += signed ? (sbyte)one : one;
        Encoding.ASCII.GetBytes(Convert.ToString(Math.Max(sum, 0), 8).PadLeft(6, '0') + "\0").CopyTo(header[148..]);
    }

    /// <summary>In one of the forms in which tars write numbers.</summary>
    private byte[] Number(long value, int length)
    {
        if (value < 0 || value >= 1L << (3 * (length - 1)) || Chance(6))
        {
            var wide = new byte[length];
            if (value < 0)
                wide.AsSpan().Fill(0xFF);
            BinaryPrimitives.WriteInt64BigEndian(wide.AsSpan(length - 8), value);
            wide[0] = length == 8 ? (byte)(wide[0] | 0x80) : value < 0 ? (byte)0xFF : (byte)0x80;
            return wide;
        }

        return Octal(value, length);
    }

    private byte[] Octal(long value, int length)
    {
        var text = Convert.ToString(value, 8);
        return Encoding.ASCII.GetBytes(Pick(text.PadLeft(length - 1, '0') + "\0", text.PadLeft(length - 2, '0') + " \0", text.PadLeft(length - 1, ' ') + "\0", text.PadLeft(length, '0'))[^length..]);
    }
}
