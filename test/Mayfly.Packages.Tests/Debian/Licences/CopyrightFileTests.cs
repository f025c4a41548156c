using Mayfly.Packages.Debian.Licences;

namespace Mayfly.Packages.Tests.Debian.Licences;

public sealed class CopyrightFileTests
{
    private const string Format = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n";

    [Fact]
    public void Header_files_and_texts_are_told_apart()
    {
        Assert.True(CopyrightFile.TryParse(Format + "Upstream-Name: x\nLicense: GPL-3\n\nFiles: *\n src/a.c\nCopyright: me\nLicense: GPL-2+ or Expat\n Text of\n .\n  it.\n\n# a comment\nLicense: Expat\n Free.\n", out var file, out _));

        Assert.Equal("https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/", file.Format);
        Assert.Equal(
            ["Header [] GPL-3  at 3", "Files [* src/a.c] GPL-2+ or Expat Text of\n\n it. at 8", "Licence [] Expat Free. at 14"],
            file.Paragraphs.Select(static paragraph => $"{paragraph.Kind} [{string.Join(' ', paragraph.Files)}] {paragraph.Licence} {paragraph.Text} at {paragraph.Line}"));
        Assert.Empty(file.Flaws);
    }

    [Fact]
    public void Lines_may_end_as_on_another_system_and_blank_lines_hold_blanks()
    {
        Assert.True(CopyrightFile.TryParse((Format + "  \nfiles: *\nCOPYRIGHT: me\nlicense: ISC\n").Replace("\n", "\r\n", StringComparison.Ordinal), out var file, out _));
        Assert.Equal("ISC", file.Paragraphs[1].Licence);
    }

    [Theory]
    [InlineData("Files: *\nCopyright: me\n", "line 3: a paragraph of Files has no License")]
    [InlineData("Files: *\nLicense:\n GPL-2\n", "line 4: a License has no short name")]
    [InlineData("Files:\nLicense: GPL-2\n", "line 3: a paragraph's Files are empty")]
    [InlineData("Copyright: me\n", "line 3: a paragraph has neither Files nor License")]
    [InlineData("Files: *\nLicense: GPL-2\nLicense: MIT\n", "line 5: the field License stands there a second time")]
    public void What_a_file_lacks_is_told(string paragraph, string flaw)
    {
        Assert.True(CopyrightFile.TryParse($"{Format}\n{paragraph}", out var file, out _));
        Assert.Equal([flaw], file.Flaws);
    }

    [Theory]
    [InlineData("", "is free-form text, not machine-readable")]
    [InlineData("This package was debianized by me.\n", "is free-form text, not machine-readable")]
    [InlineData("Files: *\nLicense: GPL-2\n", "is free-form text, not machine-readable")]
    [InlineData(Format + "\nFiles: *\nand more\n", "claims to be machine-readable and is not: line 4 is no field: 'and more'")]
    [InlineData(Format + "\n continued\n", "claims to be machine-readable and is not: line 3 continues nothing: 'continued'")]
    public void What_cannot_be_read_is_no_licence(string text, string expected)
    {
        Assert.False(CopyrightFile.TryParse(text, out _, out var reason));
        Assert.Equal(expected, reason);
    }
}
