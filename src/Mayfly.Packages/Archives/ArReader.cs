using System.Text;

namespace Mayfly.Packages.Archives;

/// <summary>
/// Reads the members of an ar(5) archive in the one dialect that deb(5) allows: short names, no symbol table.
/// Forward only; a member's contents end with the next call of <see cref="Next"/>.
/// </summary>
internal sealed class ArReader(Stream archive)
{
    private const int HeaderLength = 60;
    private MemberStream? _current;
    private bool _begun;

    /// <summary>The next member's contents, or null at the end.</summary>
    public Stream? Next(out string name, out long size)
    {
        (name, size) = ("", 0);
        Span<byte> header = stackalloc byte[HeaderLength];
        if (!_begun)
        {
            if (archive.ReadAtLeast(header[..8], 8, throwOnEndOfStream: false) != 8 || !header[..8].SequenceEqual("!<arch>\n"u8))
                throw new ArchiveException("it does not begin as an ar archive");
            _begun = true;
        }

        _current?.Finish();
        _current = null;
        var read = archive.ReadAtLeast(header, HeaderLength, throwOnEndOfStream: false);
        if (read == 0)
            return null;
        if (read != HeaderLength || header[58] != '`' || header[59] != '\n')
            throw new ArchiveException("an ar member's header is damaged");
        // GNU ar ends names with a slash, dpkg-deb pads them with blanks.
        name = Encoding.ASCII.GetString(header[..16]).TrimEnd(' ').TrimEnd('/');
        if (!long.TryParse(Encoding.ASCII.GetString(header[48..58]).TrimEnd(' '), System.Globalization.NumberStyles.None, null, out size))
            throw new ArchiveException($"the size of ar member {name} is no number");
        return _current = new MemberStream(archive, size);
    }

    private sealed class MemberStream(Stream archive, long size) : ForwardStream
    {
        private readonly bool _padded = (size & 1) == 1;
        private long _left = size;

        public override int Read(Span<byte> buffer)
        {
            if (_left == 0 || buffer.IsEmpty)
                return 0;
            var read = archive.Read(buffer[..(int)Math.Min(buffer.Length, _left)]);
            if (read == 0)
                throw new ArchiveException("it is cut short");
            _left -= read;
            return read;
        }

        /// <summary>Skips what was not read and the byte that pads to an even offset (the last member may lack it).</summary>
        public void Finish()
        {
            Span<byte> waste = stackalloc byte[4096];
            while (Read(waste) > 0)
            {
            }

            if (_padded && archive.Read(waste[..1]) == 1 && waste[0] != '\n')
                throw new ArchiveException("an ar member's padding is damaged");
        }
    }
}
