using System.Buffers.Binary;
using System.Text;

namespace Mayfly.Images.Building;

/// <summary>How a program of a tree is started without entering the tree: through the tree's own loader, which works on any host.</summary>
internal static class ProgramLoader
{
    /// <summary>The command that runs the program at <paramref name="path"/> below <paramref name="root"/>.</summary>
    public static IReadOnlyList<string> CommandFor(string root, string path)
    {
        var program = RootPath.Resolve(root, path);
        if (!File.Exists(program))
        {
            throw new MayflyException($"the image has no /{path}, which Mayfly needs to run anything inside it",
                "every Debian base has it (util-linux is essential): look at the base's packages");
        }

        if (InterpreterOf(program) is not { } interpreter)
            return [program];
        var loader = RootPath.Resolve(root, interpreter);
        // The loader stands among the libraries that belong to it.
        return [loader, "--library-path", $"{Path.GetDirectoryName(loader)}:{RootPath.Resolve(root, "usr/lib")}", program];
    }

    /// <summary>The PT_INTERP entry of an ELF file (System V ABI, chapter 5); null for a static program.</summary>
    private static string? InterpreterOf(string path)
    {
        using var file = File.OpenHandle(path);
        Span<byte> header = stackalloc byte[64];
        if (RandomAccess.Read(file, header, 0) < 64 || !header.StartsWith("\x7f"u8) || header[4] != 2 || header[5] != 1)
            return null;
        var table = BinaryPrimitives.ReadInt64LittleEndian(header[0x20..]);
        var size = BinaryPrimitives.ReadUInt16LittleEndian(header[0x36..]);
        var count = BinaryPrimitives.ReadUInt16LittleEndian(header[0x38..]);
        Span<byte> entry = stackalloc byte[56];
        for (var at = 0; at < count; at++)
        {
            const int Interpreter = 3;
            if (RandomAccess.Read(file, entry, table + (at * size)) < 56 || BinaryPrimitives.ReadInt32LittleEndian(entry) != Interpreter)
                continue;
            var name = new byte[(int)Math.Min(BinaryPrimitives.ReadInt64LittleEndian(entry[0x20..]), 4096)];
            var read = RandomAccess.Read(file, name, BinaryPrimitives.ReadInt64LittleEndian(entry[8..]));
            return Encoding.UTF8.GetString(name.AsSpan(0, read).TrimEnd((byte)0));
        }

        return null;
    }
}
