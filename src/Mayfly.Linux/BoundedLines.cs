namespace Mayfly.Linux;

/// <summary>What a program says, line by line, also one that never ends a line: whoever reads it must not grow with it.</summary>
public static class BoundedLines
{
    /// <summary>In characters; a longer line comes in several pieces.</summary>
    private const int Longest = 1 << 16;

    /// <summary>Reads until the other side is closed.</summary>
    /// <param name="from">A stream of a process.</param>
    /// <param name="onLine">Is given each line, without its end.</param>
    public static async Task ReadAsync(TextReader from, Action<string> onLine)
    {
        var block = new char[1 << 13];
        var line = new System.Text.StringBuilder();
        while (await from.ReadAsync(block).ConfigureAwait(false) is > 0 and var count)
        {
            for (var at = 0; at < count; at++)
            {
                if (block[at] != '\n')
                    line.Append(block[at]);
                if (block[at] == '\n' || line.Length == Longest)
                    End();
            }
        }

        if (line.Length > 0)
            End();

        void End()
        {
            if (line is [.., '\r'])
                line.Length--;
            onLine(line.ToString());
            line.Clear();
        }
    }
}
