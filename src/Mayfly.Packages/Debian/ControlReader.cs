namespace Mayfly.Packages.Debian;

/// <summary>Reads a control file (Packages, status, Release …) from a stream, one stanza at a time, in a buffer of its own.</summary>
public sealed class ControlReader(Stream stream)
{
    /// <summary>No honest stanza is larger; without a limit a hostile index could fill the memory.</summary>
    private const int LargestStanza = 16 << 20;

    private byte[] buffer = GC.AllocateUninitializedArray<byte>(1 << 20);
    private int start;
    private int length;
    private bool ended;

    /// <summary>The next stanza, valid until the next call; empty at the end.</summary>
    public ReadOnlySpan<byte> Read()
    {
        while (true)
        {
            while (length > 0 && buffer[start] == '\n')
            {
                start++;
                length--;
            }

            var available = buffer.AsSpan(start, length);
            var end = available.IndexOf("\n\n"u8);
            if (end >= 0)
            {
                start += end + 2;
                length -= end + 2;
                return available[..(end + 1)];
            }

            if (ended)
            {
                length = 0;
                return available;
            }

            Fill();
        }
    }

    private void Fill()
    {
        if (start > 0)
        {
            buffer.AsSpan(start, length).CopyTo(buffer);
            start = 0;
        }

        if (length == buffer.Length)
        {
            if (buffer.Length >= LargestStanza)
                throw new FormatException($"a stanza is larger than {LargestStanza >> 20} MiB");
            Array.Resize(ref buffer, buffer.Length * 2);
        }

        var read = stream.Read(buffer, length, buffer.Length - length);
        length += read;
        ended = read == 0;
    }
}
